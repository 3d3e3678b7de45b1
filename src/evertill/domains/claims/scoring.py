"""How well what the shop has fits the clues: points for each clue, added up, so that anybody can check them.

A clue that fits by chance is worth little, and one that cannot is worth much: among a million orders some hundred share
an amount, a thousand a day, a few an address, and none a number. What speaks against a candidate takes points away, and
only a few, since people are wrong about days and amounts.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from evertill.domains.claims.looking import MINUTE_SIGNS, Sought, day_span, read_number
from evertill.domains.claims.types import Candidate, Clue, Clues, Evidence, Finding, Match, Search, Source, Standing
from evertill.kernel import contacts, ids

POINTS: Mapping[tuple[Clue, Match], int] = MappingProxyType(
    {
        (Clue.RECEIPT, Match.EXACT): 100,
        (Clue.NUMBER, Match.EXACT): 60,
        (Clue.NUMBER, Match.NEAR): 50,
        (Clue.NUMBER, Match.AGAINST): -5,
        (Clue.REFERENCE, Match.EXACT): 60,
        (Clue.REFERENCE, Match.NEAR): 50,
        (Clue.EMAIL, Match.EXACT): 30,
        (Clue.EMAIL, Match.NEAR): 20,
        (Clue.EMAIL, Match.AGAINST): -5,
        (Clue.PHONE, Match.EXACT): 30,
        (Clue.PHONE, Match.NEAR): 20,
        (Clue.PHONE, Match.PART): 15,
        (Clue.PHONE, Match.AGAINST): -5,
        (Clue.AMOUNT, Match.EXACT): 20,
        (Clue.AMOUNT, Match.NEAR): 8,
        (Clue.AMOUNT, Match.AGAINST): -5,
        (Clue.DATE, Match.EXACT): 15,
        (Clue.DATE, Match.NEAR): 9,
        (Clue.DATE, Match.PART): 3,
        (Clue.DATE, Match.AGAINST): -10,
    }
)
# Two slips in a number; a part of one: so much for its minute, so much for each sign beyond, never as much as whole.
TWO_SLIPS, PART_MINUTE, PART_SIGN, PART_MAX = 40, 8, 6, 45
# Below this nothing counts as found: an amount alone, a day alone, a day and the end of a telephone number.
FOUND_FROM = 30
# From here on it is sure, if it leads by so much; with less of a lead it is one of several.
SURE_FROM, SURE_LEAD, LIKELY_LEAD = 60, 20, 5
FINDINGS_MAX = 10

_NEAR_DAYS, _PART_DAYS = 3, 14
_NEAR_PERCENT = 1
_SLIPS_MAX = 2
_PHONE_PART = 4
# Among equals, what is there comes before what is kept elsewhere.
_ORDER = {source: place for place, source in enumerate((Source.ORDER, *Source))}


def judge(*, clues: Clues, candidates: Iterable[Candidate], missed: Sequence[str] = ()) -> Search:
    """This function will weigh candidates, the best first, and say what the search comes to.

    Among equal points the latest comes first, then the first by name, so that the same candidates always come alike.
    """
    sought = read_number(clues.number)
    weighed = []
    for candidate in {(one.source, one.name): one for one in candidates}.values():
        finding = weigh(clues=clues, candidate=candidate, sought=sought)
        if finding.points >= FOUND_FROM:
            weighed.append((finding, candidate.at))
    weighed.sort(key=lambda pair: _rank(*pair))
    findings = _once([finding for finding, _ in weighed])
    return Search(standing=_standing(findings), findings=tuple(findings[:FINDINGS_MAX]), missed=tuple(missed))


def weigh(*, clues: Clues, candidate: Candidate, sought: Sought | None = None) -> Finding:
    """This function will return what each clue says of a candidate, and the points that it comes to."""
    evidence = tuple(_evidence(clues, candidate, sought or read_number(clues.number)))
    return Finding(
        source=candidate.source,
        name=candidate.name,
        order_id=candidate.order_id,
        points=sum(one.points for one in evidence),
        evidence=evidence,
    )


def slips_between(left: str, right: str) -> int:
    """This function will count the signs to change, drop, add or swap with their neighbour; at most 3, which is many.

    (Optimal string alignment: https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance.)
    """
    if abs(len(left) - len(right)) > _SLIPS_MAX:
        return _SLIPS_MAX + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, start=1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                least = min(least, older[j - 2] + 1)
            row.append(least)
        if min(row) > _SLIPS_MAX:
            return _SLIPS_MAX + 1
    return min(row[-1], _SLIPS_MAX + 1)


def plain_reference(text: str) -> str:
    """This function will return a payment's reference without what people put between its signs."""
    return re.sub(r"[\s\-_./]", "", text).upper()


def _rank(finding: Finding, at: dt.datetime | None) -> tuple[float, float, int, str]:
    return -finding.points, -at.timestamp() if at else 0.0, _ORDER[finding.source], finding.name


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """Of what is known of one order from several places, only the best counts: it is one order."""
    seen: set[int] = set()
    kept = []
    for finding in findings:
        if finding.order_id is not None:
            if finding.order_id in seen:
                continue
            seen.add(finding.order_id)
        kept.append(finding)
    return kept


def _standing(findings: Sequence[Finding]) -> Standing:
    if not findings:
        return Standing.NOTHING
    best = findings[0].points
    lead = best - (findings[1].points if len(findings) > 1 else 0)
    if lead < LIKELY_LEAD:
        return Standing.SEVERAL
    return Standing.SURE if best >= SURE_FROM and lead >= SURE_LEAD else Standing.LIKELY


def _evidence(clues: Clues, candidate: Candidate, sought: Sought) -> Iterator[Evidence]:
    if candidate.is_of_receipt:
        yield _found(Clue.RECEIPT, Match.EXACT)
    if clues.number and candidate.order_id is not None:
        yield _number(clues.number, sought, candidate.order_id)
    if clues.reference:
        yield from _reference(clues.reference, candidate.references)
    if clues.email and any(candidate.emails):
        yield _email(clues.email, candidate.emails)
    if clues.phone and any(candidate.phones):
        yield _phone(clues.phone, candidate.phones)
    if clues.amount is not None and candidate.total is not None:
        yield _amount(clues.amount, clues.currency, candidate)
    if clues.date is not None and candidate.at is not None:
        yield _date(clues.date, candidate.at)


def _found(clue: Clue, match: Match, *, kept: str = "", points: int | None = None) -> Evidence:
    return Evidence(clue=clue, match=match, points=POINTS[clue, match] if points is None else points, kept=kept)


def _number(text: str, sought: Sought, order_id: int) -> Evidence:
    kept = ids.to_number(order_id)
    if order_id in sought.exact:
        return _found(Clue.NUMBER, Match.EXACT, kept=kept)
    if order_id in sought.one_slip:
        return _found(Clue.NUMBER, Match.NEAR, kept=kept)
    if order_id in sought.two_slips:
        return _found(Clue.NUMBER, Match.PART, kept=kept, points=TWO_SLIPS)
    # Where the part reaches the last sign, that has to fit too.
    fitting = [part for part in sought.parts if part.fits(order_id) and _stands_in(text, kept)]
    if fitting:
        best = max(fitting, key=lambda part: part.random_signs)
        tells_minute = best.signs - best.random_signs >= MINUTE_SIGNS
        points = min((PART_MINUTE if tells_minute else 0) + PART_SIGN * best.random_signs, PART_MAX)
        return _found(Clue.NUMBER, Match.PART, kept=kept, points=points)
    return _found(Clue.NUMBER, Match.AGAINST, kept=kept)


def _stands_in(text: str, number: str) -> bool:
    plain = re.sub(r"[^0-9A-Z]", "", text.upper()).translate(str.maketrans("ILO", "110"))
    runs = [run for run in plain.split("U") if len(run) >= _PHONE_PART]
    return any(run in number.replace("-", "") for run in runs)


def _reference(text: str, references: Sequence[str]) -> Iterator[Evidence]:
    plain = plain_reference(text)
    kept = {plain_reference(reference): reference for reference in references}
    if plain in kept:
        yield _found(Clue.REFERENCE, Match.EXACT, kept=kept[plain])
        return
    for near, reference in kept.items():
        if len(near) > _SLIPS_MAX * 4 and slips_between(plain, near) <= _SLIPS_MAX:
            yield _found(Clue.REFERENCE, Match.NEAR, kept=reference)
            return


def _email(text: str, emails: Sequence[str]) -> Evidence:
    asked = contacts.spell_email(text)
    known = {contacts.spell_email(email): email for email in emails if email}
    if asked in known:
        return _found(Clue.EMAIL, Match.EXACT, kept=known[asked])
    for spelled, email in known.items():
        if slips_between(asked, spelled) <= _SLIPS_MAX:
            return _found(Clue.EMAIL, Match.NEAR, kept=email)
    return _found(Clue.EMAIL, Match.AGAINST, kept=next(iter(known.values())))


def _phone(text: str, phones: Sequence[str]) -> Evidence:
    asked, known = _digits(text), [phone for phone in phones if phone]
    if text in known:
        return _found(Clue.PHONE, Match.EXACT, kept=text)
    for phone in known:
        digits = _digits(phone)
        if len(asked) >= _PHONE_PART and digits.endswith(asked.lstrip("0")):
            return _found(Clue.PHONE, Match.PART, kept=phone)
        if len(asked) > _PHONE_PART * 2 and slips_between(asked, digits) <= 1:
            return _found(Clue.PHONE, Match.NEAR, kept=phone)
    return _found(Clue.PHONE, Match.AGAINST, kept=known[0])


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _amount(asked: int, currency: str, candidate: Candidate) -> Evidence:
    total = candidate.total or 0
    kept = f"{total} {candidate.currency}"
    if currency and currency != candidate.currency:
        return _found(Clue.AMOUNT, Match.AGAINST, kept=kept)
    if asked == total:
        return _found(Clue.AMOUNT, Match.EXACT, kept=kept)
    is_near = abs(asked - total) * 100 <= _NEAR_PERCENT * max(asked, total)
    return _found(Clue.AMOUNT, Match.NEAR if is_near else Match.AGAINST, kept=kept)


def _date(asked: dt.date, at: dt.datetime) -> Evidence:
    for match, days in ((Match.EXACT, 0), (Match.NEAR, _NEAR_DAYS), (Match.PART, _PART_DAYS)):
        first, last = day_span(asked, days=days)
        if first <= at < last:
            return _found(Clue.DATE, match, kept=at.isoformat())
    return _found(Clue.DATE, Match.AGAINST, kept=at.isoformat())
