"""What accounts decide: the one spelling of an address, what a name and a password may be, what can be taken away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import phonenumbers
from phonenumbers import PhoneNumberType

from evertill.domains.accounts.types import AddressKind
from evertill.kernel import contacts
from evertill.kernel.errors import EvertillError

NAME_CHARS_MAX = 80
PASSWORD_CHARS_MAX = 128
_WORD_CHARS_MIN = 4
# Shorter words of a name, and shorter ends of a number, stand in texts about anybody.
_NAME_CHARS_MIN, _TAIL_DIGITS = 3, 7
# From here on scripts are written without spaces between words.
_WITHOUT_SPACES = "\u2e80"
# Numbers at which no SMS arrives, or one that its sender pays dearly.
_UNREACHABLE = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
    PhoneNumberType.PAGER,
)


class AddressInvalid(EvertillError):
    """A text is no email address, and no telephone number at which an SMS arrives."""

    code = "ADDRESS_INVALID"
    remedy = "Write an email address, such as you@example.com, or a mobile number, with + and country code if abroad."


class NameInvalid(EvertillError):
    """A text cannot be a person's name here."""

    code = "NAME_INVALID"
    remedy = f"Write a name of at most {NAME_CHARS_MAX} characters, without line breaks."


def read_address(text: str, *, region: str) -> tuple[AddressKind, str]:
    """This function will return what kind of address somebody typed, and its one spelling; raises AddressInvalid.

    `region` is the country (ISO 3166, two letters) of numbers without a country code.
    """
    kind = AddressKind.EMAIL if "@" in text else AddressKind.PHONE
    return kind, normalise(kind, text, region=region)


def normalise(kind: AddressKind, text: str, *, region: str) -> str:
    """This function will return the one spelling of an address: codes go to it, and accounts are found by it.

    Because they are the same, nobody proves an address by one that only looks like it. Raises AddressInvalid.
    """
    return _email(text) if kind is AddressKind.EMAIL else _phone(text, region=region)


def hidden(kind: AddressKind, text: str) -> str:
    """This function will write an address so that only who has it recognises it: a•••@example.com, +86 ••• 0000."""
    if kind is AddressKind.EMAIL:
        local, _, domain = text.partition("@")
        return f"{local[:1]}•••@{domain}"
    return f"{text[:3]} ••• {text[-4:]}"


def name_of(text: str) -> str:
    """This function will return a display name, its spaces tidied, "" for none; raises NameInvalid."""
    name = " ".join(unicodedata.normalize("NFC", text[:1000]).split())
    if len(name) > NAME_CHARS_MAX or any(unicodedata.category(char) in ("Cc", "Cs", "Cf") for char in name):
        raise NameInvalid("This cannot be shown as a name.")
    return name


def names_shop(password: str, words: Iterable[str]) -> bool:
    """This function will say whether a password is little more than a word that this shop or its owner suggests."""
    plain = _letters(password)
    for word in {_letters(word) for word in words}:
        if len(word) >= _WORD_CHARS_MIN and word in plain and len(plain.replace(word, "")) < _WORD_CHARS_MIN:
            return True
    return False


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _email(text: str) -> str:
    spelled = contacts.spell_email(text[:1000])
    if not contacts.is_email(spelled):
        raise AddressInvalid("This is no email address.")
    return spelled


def _phone(text: str, *, region: str) -> str:
    try:
        spelled = contacts.read_phone(text, region=region)
    except contacts.InvalidPhone as error:
        raise AddressInvalid("This is no telephone number.") from error
    if phonenumbers.number_type(phonenumbers.parse(spelled)) in _UNREACHABLE:
        raise AddressInvalid("No SMS arrives at this number.")
    return spelled


def is_named(text: str, *, name: str, addresses: Iterable[str]) -> bool:
    """This function will say whether a text may name somebody: by a word of his name, an address, the end of a number.

    It takes too much for naming him rather than too little: whoever reads it decides.
    """
    said = text.casefold()
    digits = re.sub(r"(?<=\d)[ ().\-/]+(?=\d)", "", said)
    for address in addresses:
        if "@" in address and address.casefold() in said:
            return True
        if "@" not in address and address[-_TAIL_DIGITS:] in digits:
            return True
    return any(_has_word(said, word) for word in name.casefold().split())


def words_of(*, name: str, addresses: Iterable[str]) -> list[str]:
    """This function will return what stands somewhere in every text that `is_named` takes for naming somebody."""
    parts = [word for word in name.split() if len(word) > 1]
    return [*parts, *(one if "@" in one else one[-_TAIL_DIGITS:] for one in addresses)]


def _has_word(said: str, word: str) -> bool:
    if max(word) >= _WITHOUT_SPACES:
        return len(word) > 1 and word in said
    return len(word) >= _NAME_CHARS_MIN and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) is not None
