"""What shop and browser say to each other to make a passkey, and to use one. Callers hold a transaction.

Verification has three steps, so that a challenge is gone whatever comes of the answer: `take` it and commit; check what
was signed, with nothing held; then write down what came of it, by `add` or `use`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import secrets
import uuid
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from fido2.webauthn import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRequestOptions,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from evertill.domains.identity import allowances, passkeys, webauthn
from evertill.domains.identity.types import Allowed, Ceremony, Passkey, UsedPasskey
from evertill.domains.identity.webauthn import Credential, Party, Refusal, Refused
from evertill.kernel import config, crypto, db, ids, sql
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.identity"
_HOUR_S = 3600
# The constraint identity_challenge_short allows no more.
_LASTS = dt.timedelta(minutes=5)


class PasskeyRefused(EvertillError):
    """An answer of a browser is not believed; `facts["refusal"]` says why."""

    code = "PASSKEY_REFUSED"
    status = "forbidden"
    remedy = "Try again, or use another way to sign in."


class PasskeysUnavailable(EvertillError):
    """Browsers use passkeys only at an https address with a name, or at localhost."""

    code = "PASSKEYS_UNAVAILABLE"
    status = "unavailable"
    remedy = (
        "Use another way to sign in. (The shop's owner: EVERTILL_PUBLIC_URL has to be an https address with a name.)"
    )


class TooManyChallenges(EvertillError):
    """This caller has begun more often than anybody needs to."""

    code = "TOO_MANY_CHALLENGES"
    status = "busy"
    remedy = "Try again later, or use another way to sign in."


class Taken:
    """An answer whose challenge was taken: it can be checked now, and never again."""

    __slots__ = ("answer", "handle")

    def __init__(self, answer: webauthn.Registration | webauthn.Assertion, handle: bytes) -> None:
        self.answer = answer
        self.handle = handle


def party() -> Party:
    """This function will return who this shop is to browsers; raises PasskeysUnavailable."""
    limits = config.get()
    url = urlsplit(limits.public_url)
    host = url.hostname or ""
    is_local = host == "localhost" or host.endswith(".localhost")
    if not (url.scheme == "https" or (url.scheme == "http" and is_local)) or not host or _is_address(host):
        raise PasskeysUnavailable("Passkeys cannot be used at this shop's address.")
    default = {"https": 443, "http": 80}[url.scheme]
    port = "" if url.port in {None, default} else f":{url.port}"
    return Party(id=host, origin=f"{url.scheme}://{host}{port}", name=limits.shop_name or host)


def are_possible() -> bool:
    """This function will say whether browsers use passkeys at this shop's address."""
    try:
        party()
    except PasskeysUnavailable:
        return False
    return True


def begin_registration(
    *,
    ceremony: Ceremony,
    subject: str,
    account_id: int | None,
    name: str,
    caller: str,
    now: dt.datetime,
    randbytes: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """This function will return, as JSON, what a browser is to make a passkey by, within five minutes.

    `subject` is what it is for and only for; `name` is what the device shows beside it. An account gets one user
    handle, random and the same for all of its passkeys; without an account, a new one is kept with the challenge.
    Raises TooManyPasskeys, PasskeysUnavailable, TooManyChallenges.
    """
    us = party()
    held = [] if account_id is None else passkeys.list_all(account_id=account_id)
    if len(held) >= config.get().passkeys_max:
        raise passkeys.TooManyPasskeys("This account has as many passkeys as it may have.")
    handle = randbytes(webauthn.HANDLE_BYTES)
    if account_id is not None:
        handle = passkeys.keep_handle(account_id=account_id, handle=handle)
    challenge = _challenge(ceremony, subject, handle=handle, caller=caller, now=now, randbytes=randbytes)
    options = PublicKeyCredentialCreationOptions(
        rp=PublicKeyCredentialRpEntity(id=us.id, name=us.name),
        user=PublicKeyCredentialUserEntity(id=handle, name=name, display_name=name),
        challenge=challenge,
        pub_key_cred_params=[
            PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=algorithm)
            for algorithm in webauthn.ALGORITHMS
        ],
        timeout=_milliseconds(),
        exclude_credentials=_described(held),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        attestation=AttestationConveyancePreference.NONE,
        extensions={"credProps": True},
    )
    return json.dumps(dict(options))


def begin_assertion(
    *,
    ceremony: Ceremony,
    subject: str,
    account_id: int | None,
    caller: str,
    now: dt.datetime,
    randbytes: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """This function will return, as JSON, what a browser is to use a passkey by, within five minutes.

    Without an account it names no passkey, so it tells nothing about anybody. Raises PasskeysUnavailable and
    TooManyChallenges.
    """
    us = party()
    challenge = _challenge(ceremony, subject, handle=None, caller=caller, now=now, randbytes=randbytes)
    known = [] if account_id is None else passkeys.list_all(account_id=account_id)
    options = PublicKeyCredentialRequestOptions(
        challenge=challenge,
        timeout=_milliseconds(),
        rp_id=us.id,
        allow_credentials=_described([passkey for passkey in known if passkey.suspected_at is None]),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return json.dumps(dict(options))


def take_registration(*, text: str, ceremony: Ceremony, subject: str, now: dt.datetime) -> Taken:
    """This function will read a new passkey and use its challenge up, for this ceremony and subject only.

    The caller commits before he checks it. Raises PasskeyRefused.
    """
    try:
        answer = webauthn.read_registration(text.encode(errors="replace"), bytes_max=config.get().passkey_bytes_max)
        return Taken(answer, _take(answer.challenge, ceremony, subject, now=now))
    except Refused as refused:
        raise _refusal(refused) from None


def take_assertion(*, text: str, ceremony: Ceremony, subject: str, now: dt.datetime) -> Taken:
    """This function will read that a passkey was used, and use its challenge up, for this ceremony and subject only.

    The caller commits before he checks it. Raises PasskeyRefused.
    """
    try:
        answer = webauthn.read_assertion(text.encode(errors="replace"), bytes_max=config.get().passkey_bytes_max)
        return Taken(answer, _take(answer.challenge, ceremony, subject, now=now))
    except Refused as refused:
        raise _refusal(refused) from None


def check_registration(taken: Taken) -> Credential:
    """This function will check a new passkey; raises PasskeyRefused. It needs no transaction."""
    assert isinstance(taken.answer, webauthn.Registration)  # noqa: S101 — told apart by who took it.
    try:
        return webauthn.check_registration(taken.answer, party=party())
    except Refused as refused:
        raise _refusal(refused) from None


def add(*, account_id: int, taken: Taken, credential: Credential, name: str, now: dt.datetime) -> Passkey:
    """This function will give an account a passkey that was checked.

    Raises TooManyPasskeys, PasskeyNameInvalid, and PasskeyRefused for one that an account has already.
    """
    shown = passkeys.checked_name(name)
    if passkeys.keep_handle(account_id=account_id, handle=taken.handle) != taken.handle:
        # It was made for somebody else's handle, and would never be found again.
        raise _refusal(Refused(Refusal.HANDLE_DIFFERS))
    # Those who add at once come one after the other, and see then which places are taken.
    db.fetch(sql.load(_HERE, "lock_passkey_holder"), (account_id,))
    (passkey_id,) = ids.new_ids(1, now=now)
    rows = db.fetch(
        sql.load(_HERE, "add_passkey"),
        (
            passkey_id,
            account_id,
            credential.credential_id,
            credential.public_key,
            credential.flags.sign_count,
            uuid.UUID(bytes=credential.aaguid),
            list(credential.transports),
            shown,
            credential.flags.is_backup_eligible,
            credential.flags.is_backed_up,
            now,
            config.get().passkeys_max,
            account_id,
        ),
    )
    if rows:
        return passkeys.from_row(rows[0])
    if db.fetch(sql.load(_HERE, "find_passkey"), (credential.credential_id,)):
        raise _refusal(Refused(Refusal.CREDENTIAL_KNOWN))
    raise passkeys.TooManyPasskeys("This account has as many passkeys as it may have.")


def owner(*, taken: Taken) -> int | None:
    """This function will return whose passkey an answer says that it is of, before anything of it is checked."""
    assert isinstance(taken.answer, webauthn.Assertion)  # noqa: S101 — told apart by who took it.
    rows = db.fetch(sql.load(_HERE, "find_passkey"), (taken.answer.credential_id,))
    return int(rows[0][1]) if rows else None


def use(*, taken: Taken, now: dt.datetime, account_id: int | None = None) -> UsedPasskey:
    """This function will check that a passkey was used, by this account if one is named, and say whose it is.

    A sign count that has not grown means that there may be a copy of it: nothing is proved then, `is_suspected` says
    so, and the passkey never proves anything again; the caller commits and tells the owner. Raises PasskeyRefused.
    """
    assert isinstance(taken.answer, webauthn.Assertion)  # noqa: S101 — told apart by who took it.
    answer = taken.answer
    rows = db.fetch(sql.load(_HERE, "find_passkey"), (answer.credential_id,))
    if not rows:
        raise _refusal(Refused(Refusal.CREDENTIAL_UNKNOWN))
    ((passkey_id, owner, name, public_key, handle, suspected_at, is_eligible),) = rows
    try:
        if account_id is not None and owner != account_id:
            raise Refused(Refusal.OTHER_ACCOUNT)
        flags = webauthn.check_assertion(answer, public_key=bytes(public_key), handle=bytes(handle), party=party())
        if flags.is_backup_eligible is not is_eligible:
            # What a passkey is made as, it stays (section 7.2).
            raise Refused(Refusal.BAD_BACKUP_FLAGS)
        if suspected_at is not None:
            raise Refused(Refusal.SUSPECTED)
    except Refused as refused:
        raise _refusal(refused) from None
    used = db.execute(
        sql.load(_HERE, "use_passkey"),
        (flags.sign_count, now, flags.is_backed_up, passkey_id, flags.sign_count, flags.sign_count),
    )
    if not used:
        db.execute(sql.load(_HERE, "suspect_passkey"), (now, passkey_id))
    return UsedPasskey(account_id=owner, passkey_id=passkey_id, name=name, is_suspected=not used)


def _challenge(
    ceremony: Ceremony,
    subject: str,
    *,
    handle: bytes | None,
    caller: str,
    now: dt.datetime,
    randbytes: Callable[[int], bytes],
) -> bytes:
    limits = config.get()
    allowed = [Allowed(kind="passkey-caller-hour", most=limits.passkey_caller_hour_max, window_s=_HOUR_S)]
    if ceremony is Ceremony.SIGN_UP:
        # An account that costs nobody an SMS or an address is opened as often as a code is asked for.
        allowed.append(Allowed(kind="sign-up-caller-hour", most=limits.code_caller_hour_max, window_s=_HOUR_S))
    if not all(allowances.take(allowed=each, key=caller, now=now) for each in allowed):
        raise TooManyChallenges("Passkeys were asked for too often.")
    challenge = randbytes(webauthn.CHALLENGE_BYTES)
    db.execute(
        sql.load(_HERE, "add_challenge"),
        (_digest(challenge), ceremony.value, _subject(subject), handle, now, now + _LASTS),
    )
    return challenge


def _take(challenge: bytes, ceremony: Ceremony, subject: str, *, now: dt.datetime) -> bytes:
    """Use a challenge up and return the user handle that stands with it; the statement that checks it takes it."""
    digest = _digest(challenge)
    rows = db.fetch(sql.load(_HERE, "take_challenge"), (now, digest, ceremony.value, _subject(subject), now))
    if rows:
        return bytes(rows[0][0] or b"")
    # Only for saying why; whatever is found here, nothing is taken.
    found = db.fetch(sql.load(_HERE, "look_at_challenge"), (digest,))
    if not found:
        raise Refused(Refusal.CHALLENGE_UNKNOWN)
    ((is_used, expires_at),) = found
    if is_used:
        raise Refused(Refusal.CHALLENGE_USED)
    raise Refused(Refusal.CHALLENGE_EXPIRED if expires_at <= now else Refusal.CHALLENGE_MISUSED)


def _described(held: Collection[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            type=PublicKeyCredentialType.PUBLIC_KEY,
            id=passkey.credential_id,
            transports=[AuthenticatorTransport(name) for name in passkey.transports] or None,
        )
        for passkey in held
    ]


def _digest(challenge: bytes) -> uuid.UUID:
    # 256 random bits need no slow hash.
    return uuid.UUID(bytes=crypto.fingerprint(b"identity.challenge", challenge))


def _subject(subject: str) -> uuid.UUID:
    return uuid.UUID(bytes=crypto.fingerprint(b"identity.challenge.subject", subject.encode()))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _milliseconds() -> int:
    return int(_LASTS.total_seconds() * 1000)


def _refusal(refused: Refused) -> PasskeyRefused:
    return PasskeyRefused("This passkey was not accepted.", refusal=refused.refusal.value)
