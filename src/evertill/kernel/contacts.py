"""How people are reached: what an email address and a telephone number look like, and the one spelling of each."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

# A name, an @, a host; no white space or control characters. Whether it is read by anyone only a message can tell.
# The end is $(?!\n), because $ alone lets a line break through in Python; it means the same in every other dialect.
EMAIL = r"^[^@\s\x00-\x1f\x7f-\x9f]{1,64}@[^@\s\x00-\x1f\x7f-\x9f]{1,189}$(?!\n)"
EMAIL_CHARS_MAX = 254
# As people write numbers: digits, perhaps a plus in front, and what they put between. No letters: a slip hides behind
# them, and nobody can be sent a message at an extension.
PHONE = r"^\+?[0-9 ().\-/]{5,40}$(?!\n)"
# E.164: a plus and at most fifteen digits.
PHONE_CHARS_MAX = 16

_EMAIL, _PHONE = re.compile(EMAIL), re.compile(PHONE)
_SMALL = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class InvalidPhone(ValueError):
    """A text is no telephone number that anybody can have."""


def is_email(text: str) -> bool:
    """This function will say whether a text has the form of an email address."""
    return len(text) <= EMAIL_CHARS_MAX and _EMAIL.match(text) is not None


def spell_email(text: str) -> str:
    """This function will return the one spelling under which an address is compared and counted.

    Only A to Z are made small: what other letters become differs between systems, and PostgreSQL's
    `lower(… collate "C")` has to say the same.
    """
    return text.strip().translate(_SMALL)


def read_phone(text: str, *, region: str) -> str:
    """This function will return a number as E.164 has it (+8613800138000); raises InvalidPhone.

    Numbers without a country are those of `region` (ISO 3166, two capital letters). Numbers that no country has given
    out are refused: most of them are slips.
    """
    # Keyboards for Chinese write ＋ and １ where others write + and 1.
    plain = unicodedata.normalize("NFKC", text[:100]).strip()
    if not _PHONE.match(plain):
        raise InvalidPhone("A telephone number has digits, and perhaps a plus in front.")
    try:
        number = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone("This is no telephone number.") from error
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhone("No country has given out this number.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_region(text: str) -> bool:
    """This function will say whether a text names a region whose telephone numbers are known."""
    return text in phonenumbers.SUPPORTED_REGIONS
