"""Our numbers as providers take them: letters and digits alone, for not all of them take dashes."""

from __future__ import annotations

from evertill.kernel import ids


def plain(number: str) -> str:
    """This function will write a number without its dashes: 13 letters and digits."""
    return number.replace("-", "")


def restored(text: str) -> str:
    """This function will write a plain number with its dashes again; what is no number of ours stays as it is."""
    try:
        number = ids.to_number(ids.from_number(text))
    except ids.InvalidNumber:
        return text
    return number if plain(number) == text else text
