"""`evertill claims …`: what customers miss, what was found of it, and what the shop gives them for it."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import DataOption, asker, open_shop, plain, read_number

if TYPE_CHECKING:
    from evertill.domains.claims import Claim, Policy

app = typer.Typer(add_completion=False)

_NumberArgument = Annotated[str, typer.Argument(metavar="CLAIM", help="The claim's number.")]
_WhyOption = Annotated[str, typer.Option(help="Why; it is kept with it.")]


class Answer(StrEnum):
    """How a claim is answered."""

    SHOWN = "shown"
    NOTHING = "nothing"
    REBUILD = "rebuild"


class Cause(StrEnum):
    """What went wrong."""

    LOST_ORDER = "lost-order"
    LATE_DELIVERY = "late-delivery"
    DOUBLE_CHARGE = "double-charge"
    OTHER = "other"


class By(StrEnum):
    """How a compensation is paid."""

    BALANCE = "balance"
    REFUND = "refund"


@app.callback(invoke_without_command=True)
def claims(context: typer.Context, *, data: DataOption = None) -> None:
    """See what customers miss, and answer them; by itself, as `list`."""
    if context.invoked_subcommand is None:
        list_(data=data)


@app.command(name="list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    every: Annotated[bool, typer.Option("--all", help="Those that are answered or withdrawn, too.")] = False,
    data: DataOption = None,
) -> None:
    """List claims that wait, the one that waits longest first."""
    open_shop(data)
    from evertill.journeys.decide_claim import list_claims
    from evertill.kernel import clock

    found = list_claims(asker=asker(), every=every, limit=limit, now=clock.now())
    for one in found:
        typer.echo(_line(one))
    if not found:
        typer.echo("There is no claim." if every else "No claim waits.")


@app.command()
def show(number: _NumberArgument, *, data: DataOption = None) -> None:
    """Show a claim, its clues, and what was found, with the points of each clue."""
    open_shop(data)
    from evertill.journeys.decide_claim import view_as_staff
    from evertill.kernel import clock, ids

    opened = view_as_staff(asker=asker(), claim_id=read_number(number), now=clock.now())
    claim = opened.claim
    typer.echo(_line(claim))
    for name in claim.clues.__struct_fields__:
        if value := getattr(claim.clues, name):
            typer.echo(f"  {name}: {plain(value)[:100]}")
    proved = "proved nothing" if claim.proofs.is_empty else "proved something"
    typer.echo(f"  answer to {plain(claim.contact)}, who has {proved}")
    if claim.words:
        typer.echo(f"  says: {plain(claim.words)}")
    for place, weighed in enumerate(opened.weighed, start=1):
        finding = weighed.finding
        his = "his" if weighed.is_his else "not proved to be his"
        typer.echo(f"{place}. {finding.source.value} {finding.name}: {finding.points} points, {his}")
        for one in finding.evidence:
            typer.echo(f"     {one.clue.value} {one.match.value} {one.points:+d}  {plain(one.kept)}")
    for award in opened.awards:
        to = f"{award.way.value.lower()} {ids.to_number(award.target_id)}"
        typer.echo(
            f"given: {award.amount} for {award.about.value}, to {to}, by rule {award.rule} of policy {award.version}"
        )
    if claim.answer:
        typer.echo(f"answered by {claim.decided_by}: {plain(claim.answer)}")


@app.command()
def decide(
    number: _NumberArgument,
    decision: Annotated[Answer, typer.Argument(help="What is decided (DECISION): shown, nothing or rebuild.")],
    *,
    answer: Annotated[str, typer.Option(help="What the customer reads.")],
    order: Annotated[str, typer.Option(help="The order's number, for what is shown.")] = "",
    paid: Annotated[
        str, typer.Option(help="The line of a provider's bill by which the money of what is rebuilt came in.")
    ] = "",
    why: Annotated[str, typer.Option(help="Why it is rebuilt; kept in the audit trail.")] = "",
    data: DataOption = None,
) -> None:
    """Answer a claim: its order is here, there is nothing, or the order is put back from the claim's receipt."""
    open_shop(data)
    from evertill.domains.claims import Decision
    from evertill.journeys.decide_claim import answer_claim, rebuild_claimed
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    claim_id = read_number(number)
    if decision is Answer.REBUILD:
        connect()
        rebuilt = rebuild_claimed(
            asker=asker(), claim_id=claim_id, answer=answer, paid=paid, why=why or answer, now=clock.now()
        )
        typer.echo(f"Order {rebuilt.number} is back, and held until somebody has looked at it.")
        return
    answer_claim(
        asker=asker(),
        claim_id=claim_id,
        decision=Decision.SHOWN if decision is Answer.SHOWN else Decision.NOTHING_FOUND,
        order_id=read_number(order) if order else None,
        answer=answer,
        now=clock.now(),
    )
    typer.echo("Answered.")


@app.command()
def policy(*, data: DataOption = None) -> None:
    """Show what the shop promises when something goes wrong, as JSON that `declare` takes."""
    open_shop(data)
    from evertill.journeys.compensate_claim import list_policies
    from evertill.kernel import clock

    declared = list_policies(asker=asker(), limit=1, now=clock.now())
    if not declared:
        typer.echo("Nothing is promised: nobody has declared a policy.")
        return
    typer.echo(_policy(declared[0]))


@app.command()
def declare(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The policy as JSON: rules and caps.")],
    *,
    why: _WhyOption,
    data: DataOption = None,
) -> None:
    """Declare what the shop promises from now on."""
    import msgspec

    open_shop(data)
    from evertill.domains.claims import Cap, Rule
    from evertill.journeys.compensate_claim import declare_policy, list_policies
    from evertill.kernel import clock

    class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        rules: tuple[Rule, ...]
        caps: tuple[Cap, ...]

    try:
        written = msgspec.json.decode(file.read_bytes(), type=Written)
    except msgspec.MsgspecError as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from None
    now = clock.now()
    before = list_policies(asker=asker(), limit=1, now=now)
    declared = declare_policy(
        asker=asker(),
        seen=before[0].version if before else 0,
        rules=written.rules,
        caps=written.caps,
        why=why,
        now=now,
    )
    typer.echo(f"Version {declared.version} is in force.")


@app.command()
def compensate(
    number: _NumberArgument,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's number.")],
    cause: Annotated[Cause, typer.Argument(metavar="CAUSE", help="lost-order, late-delivery, double-charge or other.")],
    *,
    by: Annotated[By, typer.Option(help="How it is paid.")] = By.BALANCE,
    days: Annotated[int, typer.Option(min=0, max=3650, help="Days of delay.")] = 0,
    why: _WhyOption,
    data: DataOption = None,
) -> None:
    """Give a customer what the policy comes to, once for each order and cause."""
    open_shop(data)
    from evertill.domains.claims import About, Way
    from evertill.journeys.compensate_claim import Compensate, compensate_claim, list_policies
    from evertill.kernel import clock

    now = clock.now()
    declared = list_policies(asker=asker(), limit=1, now=now)
    award = compensate_claim(
        asker=asker(),
        asked=Compensate(
            claim_id=read_number(number),
            order_id=read_number(order),
            about=About[cause.name],
            way=Way[by.name],
            delay_days=days,
            version=declared[0].version if declared else 0,
            why=why,
        ),
        now=now,
    )
    typer.echo(f"Given {award.amount} by rule {award.rule} of policy {award.version}, as {award.number}.")


def _policy(declared: Policy) -> str:
    import msgspec

    told = msgspec.to_builtins({"rules": declared.rules, "caps": declared.caps})
    return msgspec.json.format(msgspec.json.encode(told)).decode()


def _line(claim: Claim) -> str:
    standing = claim.search.standing.value if claim.search is not None else "NOT LOOKED YET"
    became = claim.decision.value if claim.decision is not None else standing
    return f"{claim.number}  {_moment(claim.filed_at)}  {claim.state.value}  {claim.about.value}  {became}"


def _moment(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
