"""Claims over HTTP: somebody says what is missing, with the clues that he has, and reads what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, HeaderParameter, JSONBody
from msgspec import Meta

from evertill.entry.lane.auth import bearer_of
from evertill.entry.lane.body import ClientGone, client_address, decode, idempotency_key, read_body, read_headers
from evertill.entry.lane.document import problems
from evertill.entry.lane.orders import CURRENCY, LANGUAGE, MoneyOut
from evertill.entry.lane.orders_api import OPENED_BY
from evertill.entry.lane.problems import BadRequest, BodyTooLarge, InvalidField, KeyMissing, Malformed, WrongMediaType
from evertill.entry.lane.threads import in_thread
from evertill.journeys.authenticate_caller import Unauthenticated
from evertill.journeys.file_claim import (
    About,
    AskedClaim,
    ClaimInvalid,
    ClaimKeyReused,
    ClaimsLimited,
    CluesMissing,
    ContactInvalid,
    NotAReceipt,
    OtherShop,
    ReceiptAltered,
    ReceiptTooBig,
    file_claim,
)
from evertill.journeys.place_orders import nearest_language
from evertill.journeys.view_claim import ClaimNotFound, Found, Given, Shown, opens_claim, view_claim
from evertill.kernel import clock, ids

_AMOUNT_MAX = 10**15
_LINE, _WORDS = 128, 1000


class AboutIn(StrEnum):
    """What has gone wrong."""

    LOST_ORDER = "LOST_ORDER"
    LATE_DELIVERY = "LATE_DELIVERY"
    DOUBLE_CHARGE = "DOUBLE_CHARGE"
    OTHER = "OTHER"


class AmountIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units of a currency, as somebody remembers it."""

    amount: Annotated[int, Meta(ge=0, le=_AMOUNT_MAX, examples=[850])]
    currency: Annotated[str, Meta(pattern=CURRENCY, examples=["GBP"])]


class ClaimIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody misses, and his clues: at least one, each as well as he remembers it."""

    contact: Annotated[
        str,
        Meta(
            max_length=254,
            description="Where the answer goes: an email address, or a telephone number with its country.",
            examples=["you@example.com"],
        ),
    ]
    about: Annotated[AboutIn, Meta(description="What has gone wrong.")] = AboutIn.LOST_ORDER
    receipt: Annotated[
        str, Meta(max_length=1 << 22, description="The text of the order's receipt: its file, or its code.")
    ] = ""
    number: Annotated[
        str, Meta(max_length=40, description="The order's number, or a part of it; ? for a sign that cannot be read.")
    ] = ""
    reference: Annotated[str, Meta(max_length=_LINE, description="What the bank or provider calls the payment.")] = ""
    email: Annotated[str, Meta(max_length=254, description="The address with which it was ordered.")] = ""
    phone: Annotated[str, Meta(max_length=40, description="The number with which it was ordered, or its end.")] = ""
    amount: Annotated[AmountIn | None, Meta(description="What was paid, or nearly.")] = None
    date: Annotated[dt.date | None, Meta(description="The day on which it was ordered or paid, or nearly.")] = None
    words: Annotated[str, Meta(max_length=_WORDS, description="What happened, in his words.")] = ""
    language: Annotated[
        Annotated[str, Meta(pattern=LANGUAGE)] | None,
        Meta(description="A language tag, in which he is told that there is an answer.", examples=["zh-CN"]),
    ] = None


class FiledOut(msgspec.Struct, frozen=True):
    """A claim that was filed. What was found is shown to who proves that it is his, and to nobody else."""

    number: Annotated[str, Meta(description="What people call this claim by.", examples=["0E9W-9MHZ-4G9XQ"])]
    access_token: Annotated[str, Meta(description="Opens this claim, and nothing else; keep it.")]


class FoundOut(msgspec.Struct, frozen=True):
    """Something that was found and was proved to be his."""

    source: Annotated[str, Meta(description="ORDER, RECEIPT, PAYMENT, BILL, SUBMISSION or BACKUP.")]
    number: str
    at: dt.datetime | None
    total: MoneyOut | None
    state: str


class GivenOut(msgspec.Struct, frozen=True):
    """What he was given: a prepaid balance and the token that pays from it, or (both empty) money that goes back."""

    amount: MoneyOut
    balance: str
    balance_token: str


class ClaimOut(msgspec.Struct, frozen=True):
    """A claim as who filed it reads it; the same whether there is anything of somebody else's or not."""

    number: str
    state: Annotated[str, Meta(description="FILED, WITH_STAFF, ANSWERED or WITHDRAWN.")]
    about: str
    filed_at: dt.datetime
    proved: Annotated[bool, Meta(description="Whether anything was proved; on the claim's page a code does that.")]
    found: Sequence[FoundOut]
    decision: Annotated[str, Meta(description="SHOWN, REBUILT or RECOVERED, where `order` is his; else empty.")]
    order: FoundOut | None
    answer: Annotated[str, Meta(description="What the shop's staff wrote.")]
    given: Sequence[GivenOut]
    decided_at: dt.datetime | None


_decoder = msgspec.json.Decoder(ClaimIn)


async def _file(request: Request[Any, Any, Any]) -> Response[FiledOut]:
    try:
        headers = read_headers(request.scope)
        body = await read_body(request.receive, headers)
    except ClientGone:
        raise BadRequest("The request ended in the middle of its body.") from None
    key = idempotency_key(headers)
    told = decode(_decoder, body)
    filed = await in_thread(
        file_claim, asked=_asked(told), session=None, caller=client_address(request.scope), key=key, now=clock.now()
    )
    repeated = {"idempotency-replayed": "true"} if filed.is_repeat else {}
    out = FiledOut(filed.number, filed.token)
    return Response(out, status_code=201, headers={"cache-control": "no-store", **repeated})


@post(
    "/claims",
    status_code=201,
    # Before Litestar parses anything: one reading of a request, and one wording of each refusal.
    before_request=_file,
    summary="Say what is missing",
    description="Anybody may, with the clues that he has; the shop looks at once, and its staff answer. What was found"
    " is not told here: the claim shows what is proved to be its filer's. Sending it again with the same"
    " Idempotency-Key is harmless: it is one claim.",
    operation_id="fileClaim",
    response_description="The claim is filed; or it was, by an earlier request.",
    responses=problems(
        Malformed,
        KeyMissing,
        BodyTooLarge,
        WrongMediaType,
        InvalidField,
        CluesMissing,
        ContactInvalid,
        ClaimInvalid,
        NotAReceipt,
        ReceiptAltered,
        OtherShop,
        ReceiptTooBig,
        ClaimsLimited,
        ClaimKeyReused,
    ),
    security=[{}],
    tags=["claims"],
)
async def file(
    data: JSONBody[ClaimIn],
    idempotency_key: Annotated[
        str,
        HeaderParameter(
            name="Idempotency-Key",
            description="A random value of yours: a new one for each new claim, the same one to try again.",
            min_length=1,
            max_length=128,
            pattern="^[!-~]([ -~]*[!-~])?$",
        ),
    ],
) -> FiledOut:
    """This function will never run: it stands here for the API document, and _file answers in its place."""
    raise NotImplementedError


@get(
    "/claims/{number:str}",
    summary="Read a claim",
    description="With the claim's own access_token.",
    operation_id="readClaim",
    response_description="The claim, with what of it was proved to be its filer's.",
    responses=problems(Unauthenticated, ClaimNotFound),
    security=OPENED_BY,
    tags=["claims"],
)
async def read_claim(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[ClaimOut]:
    """This function will return one claim to who has its token; to anybody else there is no such claim."""
    shown = await in_thread(view_claim, claim_id=_opened(request, number))
    return Response(_out(shown), headers={"cache-control": "no-store"})


def _opened(request: Request[Any, Any, Any], number: str) -> int:
    authorization = read_headers(request.scope).get(b"authorization")
    query = dict(parse_qsl(request.scope["query_string"].decode("latin-1")))
    token = bearer_of(authorization) if authorization else query.get("access_token", "")
    if not token:
        raise Unauthenticated("This takes the access_token of the claim.")
    try:
        claim_id = ids.from_number(number)
    except ids.InvalidNumber:
        claim_id = None
    if claim_id is None or not opens_claim(token, claim_id=claim_id):
        raise ClaimNotFound("There is no such claim for this token.")
    return claim_id


def _asked(told: ClaimIn) -> AskedClaim:
    return AskedClaim(
        about=About(told.about.value),
        contact=told.contact,
        receipt=told.receipt,
        number=told.number,
        reference=told.reference,
        email=told.email,
        phone=told.phone,
        amount=told.amount.amount if told.amount else None,
        currency=told.amount.currency if told.amount else "",
        date=told.date,
        words=told.words,
        language=nearest_language(told.language) if told.language else "",
    )


def _out(shown: Shown) -> ClaimOut:
    return ClaimOut(
        shown.number,
        shown.state.value,
        shown.about.value,
        shown.filed_at,
        shown.is_proved,
        [_found(one) for one in shown.found],
        shown.decision.value if shown.decision is not None else "",
        _found(shown.answered) if shown.answered is not None else None,
        shown.answer,
        [_given(one) for one in shown.given],
        shown.decided_at,
    )


def _found(found: Found) -> FoundOut:
    total = MoneyOut(found.total.amount, found.total.currency) if found.total is not None else None
    return FoundOut(found.source.value, found.number, found.at, total, found.state)


def _given(given: Given) -> GivenOut:
    return GivenOut(MoneyOut(given.amount.amount, given.amount.currency), given.balance, given.token)
