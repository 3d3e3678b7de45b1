"""Enrolled factors: everything by which an account can prove itself, and that enough of it stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evertill.domains import access, accounts, identity
from evertill.domains.accounts import Account, Address, AddressKind
from evertill.domains.identity import Factor
from evertill.kernel.errors import EvertillError

# A code that goes to an address proves its holder, as this factor.
CODE_OF = {AddressKind.EMAIL: Factor.EMAIL_CODE, AddressKind.PHONE: Factor.SMS_CODE}
KIND_OF = {factor: kind for kind, factor in CODE_OF.items()}
_STRONG = {Factor.PASSKEY, Factor.TOTP}


class LastWayIn(EvertillError):
    """Without this nobody could sign in to the account any more."""

    code = "LAST_WAY_IN"
    status = "conflict"
    remedy = "Add another address or a passkey first."


class SmsInUse(EvertillError):
    """SMS codes are the account's second step, and it would lose what they need."""

    code = "SMS_IN_USE"
    status = "conflict"
    remedy = "Turn off SMS codes as the second step first."


class StaffNeedStrongFactor(EvertillError):
    """Staff need a passkey or an authenticator app at all times."""

    code = "STAFF_NEED_STRONG_FACTOR"
    status = "conflict"
    remedy = "Add another passkey or an authenticator app first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What an account has to prove itself by."""

    account: Account
    is_staff: bool
    addresses: Sequence[Address]
    factors: frozenset[Factor]
    passkeys: int
    recovery_codes_left: int

    def address_for(self, factor: Factor) -> Address | None:
        """This function will return where a code of this factor goes: to the address that was proved last."""
        fit = [address for address in self.addresses if CODE_OF[address.kind] is factor]
        return max(fit, key=lambda address: address.proved_at, default=None)

    def hidden(self, factors: frozenset[Factor]) -> dict[Factor, str]:
        """This function will say where codes of these factors go, so that only their owner recognises it."""
        found = {factor: self.address_for(factor) for factor in factors}
        return {factor: accounts.hidden(to.kind, to.text) for factor, to in found.items() if to is not None}


def read_enrolled(account: Account) -> Enrolled:
    """This function will return everything by which an account can prove itself now."""
    addresses = accounts.read_addresses(account_id=account.id)
    # One that was put aside proves nothing.
    passkeys = identity.passkeys.count(account_id=account.id)
    left = identity.recovery.count_left(account_id=account.id)
    has = {
        Factor.PASSWORD: account.has_password,
        Factor.TOTP: identity.totp.is_in_use(account_id=account.id),
        Factor.PASSKEY: passkeys > 0,
        Factor.RECOVERY_CODE: left > 0,
    }
    factors = {factor for factor, is_there in has.items() if is_there} | {CODE_OF[each.kind] for each in addresses}
    return Enrolled(
        account=account,
        is_staff=access.is_staff(account_id=account.id),
        addresses=addresses,
        factors=frozenset(factors),
        passkeys=passkeys,
        recovery_codes_left=left,
    )


def keep_enough(*, account_id: int) -> None:
    """This function will raise when what was just taken from a locked account was needed: then it is all undone.

    Raises LastWayIn, SmsInUse, StaffNeedStrongFactor. The caller holds a transaction.
    """
    account = accounts.lock(account_id=account_id)
    if account is None:
        return
    left = read_enrolled(account)
    if not left.factors & {Factor.PASSKEY, Factor.EMAIL_CODE, Factor.SMS_CODE}:
        raise LastWayIn("This is the last way in to this account.")
    if left.is_staff and not left.factors & _STRONG:
        raise StaffNeedStrongFactor("Staff need a passkey or an authenticator app.")
    if account.sms_second and not can_be_second(left):
        raise SmsInUse("SMS codes are the second step of this account.")


def can_be_second(enrolled: Enrolled) -> bool:
    """This function will say whether SMS codes can be a second step: there is a phone, and something to come first."""
    return Factor.SMS_CODE in enrolled.factors and bool(enrolled.factors & {Factor.PASSWORD, Factor.EMAIL_CODE})
