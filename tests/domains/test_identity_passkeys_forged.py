"""Forged and replayed passkeys: every lie is refused for what it is, and nothing is kept of it."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from evertill.domains import identity
from evertill.domains.identity import Ceremony
from evertill.domains.identity.ceremonies import (
    PasskeyRefused,
)
from evertill.kernel import db
from tests import tables
from tests.authenticator import (
    AT,
    BE,
    BS,
    EDDSA,
    ES256,
    RS256,
    UP,
    UV,
    Authenticator,
    Raw,
    cbor,
    cose_of,
    new_key,
    text,
)
from tests.builders import NOON
from tests.passkeys import (
    ADA,
    EVE,
    IN_TIME,
    LATE,
    add,
    challenge_of,
    from_text,
    refusal,
    registered,
    to_add,
    to_use,
    use,
)

Change = Callable[..., None]


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _nested(levels: int) -> Raw:
    return Raw(b"\x81" * levels + b"\x00")


def _response(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda told: told | {"response": told["response"] | changes}


def _without(*names: str) -> Callable[[dict[str, Any]], Any]:
    return lambda told: (
        told | {"response": {name: value for name, value in told["response"].items() if name not in names}}
    )


# What is said of the browser, by either kind of answer.
_BY_BOTH: dict[str, tuple[dict[str, Any], str]] = {
    "a challenge that nobody made": ({"challenge": b"x" * 32}, "CHALLENGE_UNKNOWN"),
    "no challenge": ({"challenge": b""}, "CHALLENGE_UNKNOWN"),
    "another site": ({"origin": "https://evil.example"}, "WRONG_ORIGIN"),
    "a site below ours": ({"origin": "http://login.localhost:8000"}, "WRONG_ORIGIN"),
    "our site at another port": ({"origin": "http://localhost:8001"}, "WRONG_ORIGIN"),
    "our site with something behind it": ({"origin": "http://localhost:8000.evil.example"}, "WRONG_ORIGIN"),
    "our site in other letters": ({"origin": "HTTP://LOCALHOST:8000"}, "WRONG_ORIGIN"),
    "an app": ({"origin": "android:apk-key-hash:abc"}, "WRONG_ORIGIN"),
    "a frame of another site": ({"cross_origin": True}, "CROSS_ORIGIN"),
    "a frame of another site that denies it": ({"top_origin": "https://evil.example"}, "CROSS_ORIGIN"),
    "no browser at all": ({"type": "payment.get"}, "WRONG_TYPE"),
    "client data that are no JSON": ({"client_data": b"{"}, "BAD_CLIENT_DATA"),
    "client data in another character set": ({"client_data": b"\xff\xfe{}"}, "BAD_CLIENT_DATA"),
    "client data without an origin": (
        {"client_data": b'{"type":"webauthn.get","challenge":"eA"}'},
        "BAD_CLIENT_DATA",
    ),
    "client data of wrong kinds": (
        {"client_data": b'{"type":"webauthn.get","challenge":[],"origin":1}'},
        "BAD_CLIENT_DATA",
    ),
    "client data that nest without end": ({"client_data": b'{"type":' + b"[" * 20_000}, "BAD_CLIENT_DATA"),
    "the challenge not in base64": (
        {"client_data": b'{"type":"webauthn.%s","challenge":"!!!!","origin":"http://localhost:8000"}'},
        "NOT_BASE64",
    ),
    "another party": ({"rp_id": "evil.example"}, "WRONG_RP"),
    "nobody there": ({"flags": UV}, "USER_ABSENT"),
    "somebody there who was not verified": ({"flags": UP}, "USER_NOT_VERIFIED"),
    "nothing that is sure": ({"flags": 0}, "USER_ABSENT"),
    "a copy of what cannot be copied": ({"flags": UP | UV | BS}, "BAD_BACKUP_FLAGS"),
    "data that are cut short": ({"authenticator_data": lambda data: data[:36]}, "BAD_AUTHENTICATOR_DATA"),
    "data with something behind them": ({"authenticator_data": lambda data: data + b"\0"}, "BAD_AUTHENTICATOR_DATA"),
    "no data": ({"authenticator_data": lambda _: b""}, "BAD_AUTHENTICATOR_DATA"),
    "extensions that are not there": (
        {"authenticator_data": lambda data: data[:32] + bytes([data[32] | 0x80]) + data[33:]},
        "BAD_AUTHENTICATOR_DATA",
    ),
    "extensions that nest without end": (
        {"extensions": _nested(5_000)},
        "BAD_AUTHENTICATOR_DATA",
    ),
    "another type": ({"answer": lambda told: told | {"type": "password"}}, "WRONG_FORM"),
    "two ids": ({"answer": lambda told: told | {"id": text(b"another")}}, "IDS_DIFFER"),
    "no id": ({"answer": lambda told: {name: told[name] for name in told if name != "rawId"}}, "WRONG_FORM"),
    "an id that is no base64": ({"answer": lambda told: told | {"id": "a+b/", "rawId": "a+b/"}}, "NOT_BASE64"),
    "an id with padding": ({"answer": lambda told: told | {"id": "YWI=", "rawId": "YWI="}}, "NOT_BASE64"),
    "an id of a length that base64 has not": (
        {"answer": lambda told: told | {"id": "abcde", "rawId": "abcde"}},
        "NOT_BASE64",
    ),
    "a number for the client data": ({"answer": _response(clientDataJSON=1)}, "WRONG_FORM"),
    "nothing for the client data": ({"answer": _without("clientDataJSON")}, "WRONG_FORM"),
    "no JSON": ({"answer": lambda _: "credential"}, "NOT_JSON"),
    "half of it": ({"answer": lambda told: json.dumps(told)[:200]}, "NOT_JSON"),
    "a list": ({"answer": lambda _: "[]"}, "WRONG_FORM"),
    "nothing": ({"answer": lambda _: ""}, "NOT_JSON"),
    "lone surrogates": ({"answer": lambda _: "\ud800"}, "NOT_JSON"),
    "nesting without end": ({"answer": lambda _: "[" * 30_000}, "WRONG_FORM"),
    "nesting beside what is asked for": (
        {"answer": lambda told: json.dumps(told)[:-1] + ', "more": ' + "[" * 20_000 + "]" * 5_000 + "}"},
        "NOT_JSON",
    ),
    "more than anybody has to say": ({"answer": lambda told: told | {"more": "x" * 40_000}}, "TOO_LARGE"),
}

_BY_NEW: dict[str, tuple[dict[str, Any], str]] = {
    "that of a passkey which was used": ({"type": "webauthn.get"}, "WRONG_TYPE"),
    "no passkey": (
        {"authenticator_data": lambda data: data[:32] + bytes([UP | UV]) + data[33:37]},
        "CREDENTIAL_MISSING",
    ),
    "a passkey without a key": ({"cose": Raw(b"")}, "BAD_AUTHENTICATOR_DATA"),
    "a passkey whose key is a list": ({"cose": [1, 2]}, "BAD_AUTHENTICATOR_DATA"),
    "a passkey whose key nests without end": ({"cose": _nested(5_000)}, "BAD_AUTHENTICATOR_DATA"),
    "a passkey whose key names no algorithm": ({"cose": {1: 2}}, "BAD_AUTHENTICATOR_DATA"),
    "an id that is too long": ({"credential_id": b"x" * 1024}, "BAD_CREDENTIAL_ID"),
    "another passkey than it is of": ({"answer": lambda told: told | {"id": "eA", "rawId": "eA"}}, "IDS_DIFFER"),
    "a key of RSA with SHA-1": ({"cose": cose_of(new_key(RS256)) | {3: -65535}}, "WRONG_ALGORITHM"),
    "a key of ES512": ({"cose": cose_of(new_key(ES256)) | {3: -36}}, "WRONG_ALGORITHM"),
    "a key of an unheard-of algorithm": ({"cose": cose_of(new_key(ES256)) | {3: 12345}}, "WRONG_ALGORITHM"),
    "a point beside the curve": ({"cose": cose_of(new_key(ES256)) | {-2: b"\1" * 32}}, "BAD_KEY"),
    "the point at infinity": ({"cose": cose_of(new_key(ES256)) | {-2: bytes(32), -3: bytes(32)}}, "BAD_KEY"),
    "a point on another curve": ({"cose": cose_of(new_key(ES256)) | {-1: 2}}, "BAD_KEY"),
    "a coordinate that is cut short": ({"cose": cose_of(new_key(ES256)) | {-3: b"\1" * 31}}, "BAD_KEY"),
    "a coordinate that is a number": ({"cose": cose_of(new_key(ES256)) | {-2: 10**9}}, "BAD_KEY"),
    "a key of one kind under the name of another": ({"cose": cose_of(new_key(EDDSA)) | {3: -7}}, "BAD_KEY"),
    "an Edwards key that is cut short": ({"cose": cose_of(new_key(EDDSA)) | {-2: b"x" * 31}}, "BAD_KEY"),
    "an RSA key of 1024 bits": ({"cose": cose_of(new_key(RS256)) | {-1: b"\xff" * 128}}, "BAD_KEY"),
    "an RSA key of 16384 bits": ({"cose": cose_of(new_key(RS256)) | {-1: b"\xff" * 2048}}, "BAD_KEY"),
    "an RSA key whose exponent is 1": ({"cose": cose_of(new_key(RS256)) | {-2: b"\1"}}, "BAD_KEY"),
    "a passkey that names nobody": ({"is_discoverable": False}, "NOT_DISCOVERABLE"),
    "an attestation that is no CBOR": ({"attestation": lambda _: b"\xff\xff\xff"}, "BAD_CBOR"),
    "an attestation that is empty": ({"attestation": lambda _: b""}, "BAD_CBOR"),
    "an attestation that is cut short": ({"attestation": lambda data: data[:-1]}, "BAD_CBOR"),
    "an attestation with something behind it": ({"attestation": lambda data: data + b"\0"}, "BAD_CBOR"),
    "an attestation that is longer than it says": (
        {"attestation": lambda _: b"\xa1\x63fmt\x7b" + b"\xff" * 8},
        "BAD_CBOR",
    ),
    "an attestation without an end": ({"attestation": lambda _: b"\xbf\x63fmt\x64none\xff"}, "BAD_CBOR"),
    "an attestation of a billion items": ({"attestation": lambda _: b"\x9a\x3b\x9a\xca\x00"}, "BAD_CBOR"),
    "an attestation that nests without end": ({"attestation": lambda _: cbor(_nested(10_000))}, "BAD_CBOR"),
    "an attestation that is a number": ({"attestation": lambda _: cbor(7)}, "BAD_CBOR"),
    "an attestation without a format": ({"format": 7}, "BAD_CBOR"),
    "an attestation without a statement": ({"statement": 7}, "BAD_CBOR"),
    "a number of a billion as data": (
        {"attestation": lambda _: cbor({"fmt": "none", "attStmt": {}, "authData": 10**9})},
        "BAD_AUTHENTICATOR_DATA",
    ),
    "no attestation": ({"answer": _without("attestationObject")}, "WRONG_FORM"),
    "an attestation that is no base64": ({"answer": _response(attestationObject="*")}, "NOT_BASE64"),
}

_BY_USED: dict[str, tuple[dict[str, Any], str]] = {
    "that of a new passkey": ({"type": "webauthn.create"}, "WRONG_TYPE"),
    "a signature with one bit turned": ({"signature": _flipped}, "BAD_SIGNATURE"),
    "no signature": ({"signature": lambda _: b""}, "BAD_SIGNATURE"),
    "a signature by another key": ({"key": new_key(ES256)}, "BAD_SIGNATURE"),
    "a signature by another kind of key": ({"key": new_key(EDDSA)}, "BAD_SIGNATURE"),
    "a passkey that nobody has": ({"credential_id": b"another"}, "CREDENTIAL_UNKNOWN"),
    "a passkey of no name": ({"answer": lambda told: told | {"id": "", "rawId": ""}}, "CREDENTIAL_UNKNOWN"),
    "somebody else": ({"handle": b"x" * 32}, "HANDLE_DIFFERS"),
    "nobody": ({"handle": b""}, "HANDLE_DIFFERS"),
    "nobody, by leaving it out": ({"answer": _without("userHandle")}, "HANDLE_DIFFERS"),
    "a passkey that became one which syncs": ({"flags": UP | UV | BE}, "BAD_BACKUP_FLAGS"),
    "no data, by leaving them out": ({"answer": _without("authenticatorData")}, "WRONG_FORM"),
    "a signature that is no base64": ({"answer": _response(signature="ä")}, "NOT_BASE64"),
    "a handle that is a number": ({"answer": _response(userHandle=7)}, "WRONG_FORM"),
}


def _for(kind: str, lies: dict[str, Any]) -> dict[str, Any]:
    told = lies.get("client_data")
    return lies | ({"client_data": told.replace(b"webauthn.%s", b"webauthn." + kind.encode())} if told else {})


@pytest.mark.django_db
class TestForgedNewPasskeys:
    @pytest.mark.parametrize("what", [*_BY_BOTH, *_BY_NEW])
    def test_are_refused(self, device: Authenticator, what: str) -> None:
        lies, why = (_BY_BOTH | _BY_NEW)[what]
        if "flags" in lies:
            lies = lies | {"flags": lies["flags"] | AT}
        if "extensions" in lies:
            lies = lies | {"flags": UP | UV | AT | 0x80}
        answer = device.make(to_add(), **_for("create", lies))

        assert refusal(lambda: add(answer)) == why
        assert tables.count("identity_passkey") == 0


@pytest.mark.django_db
class TestForgedUses:
    @pytest.mark.parametrize("what", [*_BY_BOTH, *_BY_USED])
    def test_are_refused(self, device: Authenticator, what: str) -> None:
        lies, why = (_BY_BOTH | _BY_USED)[what]
        registered(device)
        options = to_use()
        answer = device.use(options, **_for("get", lies))

        assert refusal(lambda: use(answer)) == why
        (passkey,) = identity.passkeys.list_all(account_id=ADA)
        assert (passkey.used_at, passkey.suspected_at) == (None, None)

    def test_signed_data_that_were_changed_are_refused(self, device: Authenticator) -> None:
        registered(device)
        honest = json.loads(device.use(to_use()))
        data = honest["response"]["authenticatorData"]
        # The count stands at its end.
        honest["response"]["authenticatorData"] = data[:-2] + ("AQ" if data[-2:] != "AQ" else "Ag")

        assert refusal(lambda: use(json.dumps(honest))) == "BAD_SIGNATURE"

    def test_client_data_with_a_space_more_are_refused(self, device: Authenticator) -> None:
        registered(device)
        options = to_use()
        challenge = json.loads(options)["challenge"]
        spaced = json.dumps({"type": "webauthn.get", "challenge": challenge, "origin": device.origin}).encode()
        honest = json.loads(device.use(options))
        honest["response"]["clientDataJSON"] = text(spaced)

        assert refusal(lambda: use(json.dumps(honest))) == "BAD_SIGNATURE"

    def test_a_new_passkeys_answer_signs_nobody_in(self, device: Authenticator) -> None:
        registered(device)
        made = device.make(to_add(EVE))

        assert refusal(lambda: use(made)) == "WRONG_FORM"

    def test_the_answer_of_a_use_makes_no_passkey(self, device: Authenticator) -> None:
        registered(device)
        used = device.use(to_use())

        assert refusal(lambda: add(used)) == "WRONG_FORM"

    def test_a_strangers_key_under_my_passkeys_id_is_refused(self, device: Authenticator) -> None:
        registered(device)
        eve = Authenticator()
        registered(eve, EVE)
        mine = device.kept[0]

        answer = eve.use(to_use(), credential_id=mine.credential_id, handle=mine.handle)

        assert refusal(lambda: use(answer)) == "BAD_SIGNATURE"

    def test_my_key_under_another_accounts_handle_is_refused(self, device: Authenticator) -> None:
        registered(device)
        eve = Authenticator()
        registered(eve, EVE)

        answer = device.use(to_use(), handle=eve.kept[0].handle)

        assert refusal(lambda: use(answer)) == "HANDLE_DIFFERS"

    def test_another_accounts_passkey_proves_nothing_for_this_session(self, device: Authenticator) -> None:
        registered(device)
        eve = Authenticator()
        registered(eve, EVE)
        options = to_use(ceremony=Ceremony.STEP_UP, subject="x", account_id=ADA)

        answer = eve.use(options)

        assert refusal(lambda: use(answer, ceremony=Ceremony.STEP_UP, subject="x", account_id=ADA)) == "OTHER_ACCOUNT"

    def test_a_site_that_looks_like_ours_gains_nothing(self, device: Authenticator) -> None:
        registered(device)
        phished = Authenticator(
            origin="https://localhost.evil.example", rp_id="localhost.evil.example", kept=device.kept
        )

        assert refusal(lambda: use(phished.use(to_use()))) == "WRONG_ORIGIN"

    def test_of_http_where_the_shop_has_https_are_refused(self, device: Authenticator, change: Change) -> None:
        registered(device)
        change(public_url="https://localhost:8000")

        assert refusal(lambda: use(device.use(to_use()))) == "WRONG_ORIGIN"


@pytest.mark.django_db
class TestChallenges:
    def test_live_five_minutes(self, device: Authenticator) -> None:
        registered(device)
        answer = device.use(to_use())

        assert refusal(lambda: use(answer, now=LATE)) == "CHALLENGE_EXPIRED"
        assert use(answer, now=IN_TIME).account_id == ADA

    def test_of_new_passkeys_live_five_minutes(self, device: Authenticator) -> None:
        answer = device.make(to_add())

        assert refusal(lambda: add(answer, now=LATE)) == "CHALLENGE_EXPIRED"

    def test_are_used_once(self, device: Authenticator) -> None:
        registered(device)
        answer = device.use(to_use())
        use(answer)

        assert refusal(lambda: use(answer)) == "CHALLENGE_USED"

    def test_of_new_passkeys_are_used_once(self, device: Authenticator) -> None:
        answer = device.make(to_add())
        add(answer)

        assert refusal(lambda: add(answer)) == "CHALLENGE_USED"

    def test_are_gone_when_the_answer_was_wrong(self, device: Authenticator) -> None:
        registered(device)
        options = to_use()
        refusal(lambda: use(device.use(options, signature=_flipped)))

        assert refusal(lambda: use(device.use(options))) == "CHALLENGE_USED"

    @pytest.mark.parametrize(
        ("ceremony", "subject"),
        [
            (Ceremony.STEP_UP, "session 1, REMOVE_ADDRESS, EMAIL:eve@example.com"),
            (Ceremony.STEP_UP, "session 1, DELETE_ACCOUNT, EMAIL:ada@example.com"),
            (Ceremony.STEP_UP, "session 2, REMOVE_ADDRESS, EMAIL:ada@example.com"),
            (Ceremony.STEP_UP, ""),
            (Ceremony.SIGN_IN, "session 1, REMOVE_ADDRESS, EMAIL:ada@example.com"),
            (Ceremony.SIGN_IN, ""),
        ],
    )
    def test_are_for_one_purpose_operation_object_and_session(
        self, device: Authenticator, ceremony: Ceremony, subject: str
    ) -> None:
        registered(device)
        asked = "session 1, REMOVE_ADDRESS, EMAIL:ada@example.com"
        answer = device.use(to_use(ceremony=Ceremony.STEP_UP, subject=asked))

        assert refusal(lambda: use(answer, ceremony=ceremony, subject=subject)) == "CHALLENGE_MISUSED"
        assert use(answer, ceremony=Ceremony.STEP_UP, subject=asked).account_id == ADA

    def test_of_one_kind_are_none_of_the_other(self, device: Authenticator) -> None:
        registered(device)
        for_new, for_use = to_add(EVE), to_use()

        assert refusal(lambda: use(device.use(for_new))) == "CHALLENGE_MISUSED"
        made = Authenticator().make(for_new, challenge=challenge_of(for_use))
        assert refusal(lambda: add(made, account_id=EVE)) == "CHALLENGE_MISUSED"

    def test_of_another_session_add_nothing(self, device: Authenticator) -> None:
        answer = device.make(to_add(EVE, subject="Eve’s session"))

        assert refusal(lambda: add(answer, subject="Ada’s session")) == "CHALLENGE_MISUSED"

    def test_that_are_over_are_removed(self) -> None:
        to_use()
        to_add()

        assert identity.forgetting.remove_old(now=NOON + dt.timedelta(hours=24), limit=10) == 0
        assert identity.forgetting.remove_old(now=NOON + dt.timedelta(hours=25), limit=1) == 1
        assert tables.count("identity_challenge") == 1

    def test_are_not_told_by_the_database(self) -> None:
        challenge = challenge_of(to_use())

        assert challenge.hex() not in repr(tables.rows("identity_challenge"))

    def test_are_short_by_a_constraint(self) -> None:
        to_use()

        with pytest.raises(psycopg.errors.CheckViolation, match="identity_challenge_short"):
            db.execute("update identity_challenge set expires_at = expires_at + interval '1 second'")


@pytest.mark.django_db
class TestNoise:
    """Whatever bytes come, the answer is a refusal and never a fault of ours."""

    def test_changed_bytes_are_always_refused(self) -> None:
        device = Authenticator()
        registered(device)
        (known,) = device.kept
        chance = random.Random(7)
        for _ in range(300):
            seed = device.use(to_use(), passkey=known) if chance.random() < 0.5 else device.make(to_add(EVE))
            told = json.loads(seed)
            name = chance.choice([key for key in told["response"] if isinstance(told["response"][key], str)])
            value = told["response"][name]
            raw = bytearray(from_text(value))
            for _ in range(chance.randint(1, 4)):
                if raw and chance.random() < 0.7:
                    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
                else:
                    del raw[chance.randrange(len(raw) + 1) :]
            told["response"][name] = text(bytes(raw))
            if told["response"][name] == value:
                continue
            made = "attestationObject" in told["response"]
            try:
                if made:
                    add(json.dumps(told), account_id=EVE)
                    # A bit of what nobody signs and nobody looks at: an aaguid, a count, a statement.
                    identity.passkeys.remove_all(account_id=EVE)
                else:
                    use(json.dumps(told))
                    pytest.fail(f"believed: {told} instead of {seed}")
            except PasskeyRefused:
                continue
