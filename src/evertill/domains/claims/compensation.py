"""What the shop owes by its own word when something went wrong: the declared policy, applied to one case.

Whole minor units throughout. A percentage is rounded up to the next minor unit: in the customer's favour, and never by
as much as one. The same case always comes to the same, a longer delay never to less, and nothing goes beyond a cap.
"""

from __future__ import annotations

from collections.abc import Sequence

from evertill.domains.claims.types import About, Cap, Due, Given, Limit, Policy, Rule
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import AMOUNT_MAX, Money, is_currency

BASIS_POINTS = 10_000
RULES_MAX = 100
_DAYS_MAX = 3_650


class PolicyInvalid(EvertillError):
    """A policy has a rule that cannot be, or two for the same case."""

    code = "POLICY_INVALID"
    kept = "The policy that was declared before is still in force."
    remedy = "Correct what is named, and declare the policy again."


def check(*, rules: Sequence[Rule], caps: Sequence[Cap]) -> None:
    """This function will raise PolicyInvalid unless each case has one rule at most and each rule's currency a cap."""
    if len(rules) > RULES_MAX or len(caps) > RULES_MAX:
        raise PolicyInvalid(f"A policy has {RULES_MAX} rules and as many caps at most.")
    cases = [(rule.about, rule.currency) for rule in rules]
    for about, currency in cases:
        if cases.count((about, currency)) > 1:
            raise PolicyInvalid(f"There are two rules for {about.value} in {currency}.")
    currencies = [cap.currency for cap in caps]
    if len(set(currencies)) != len(currencies):
        raise PolicyInvalid("There are two caps for one currency.")
    for rule in rules:
        _check_rule(rule, currencies)
    for cap in caps:
        _check_amounts(f"the cap for {cap.currency}", cap.currency, cap.customer_month_max, cap.month_max)


def _check_rule(rule: Rule, capped: Sequence[str]) -> None:
    name = f"the rule for {rule.about.value} in {rule.currency[:16]}"
    _check_amounts(name, rule.currency, rule.fixed, rule.per_day, rule.order_max, rule.alone_max)
    if not 0 <= rule.percent_bp <= BASIS_POINTS:
        raise PolicyInvalid(f"In {name}, a percentage is from 0 to 100.")
    if not 0 <= rule.grace_days <= _DAYS_MAX:
        raise PolicyInvalid(f"In {name}, the days of grace are from 0 to {_DAYS_MAX}.")
    if rule.currency not in capped:
        raise PolicyInvalid(f"There is no cap for {rule.currency[:16]}.")


def _check_amounts(name: str, currency: str, *amounts: int) -> None:
    if not is_currency(currency):
        raise PolicyInvalid(f"In {name}, the currency is no code of three capital letters.")
    if not all(0 <= amount <= AMOUNT_MAX for amount in amounts):
        raise PolicyInvalid(f"In {name}, an amount is below nothing or beyond every amount.")


def due(*, policy: Policy, about: About, price: Money, delay_days: int = 0, given: Given | None = None) -> Due:
    """This function will return what a policy comes to for an order of a price, in the order's currency.

    `given` is what was given before. Without a rule, or without a cap, it is nothing.
    """
    before = given or Given()
    place, rule = _rule_for(policy, about, price.currency)
    cap = next((cap for cap in policy.caps if cap.currency == price.currency), None)
    by_rule = by_rule_of(rule, price=price.amount, delay_days=delay_days) if rule is not None else 0
    amount, limits = by_rule, []
    if rule is not None:
        bounds = [(Limit.ORDER, rule.order_max - before.order)]
        if cap is not None:
            bounds.append((Limit.CUSTOMER_MONTH, cap.customer_month_max - before.customer_month))
        bounds.append((Limit.MONTH, cap.month_max - before.month if cap is not None else 0))
        for limit, bound in bounds:
            if amount > max(bound, 0):
                amount = max(bound, 0)
                limits.append(limit)
    return Due(
        amount=Money(amount=amount, currency=price.currency),
        version=policy.version,
        rule=place,
        by_rule=by_rule,
        limits=tuple(limits),
        needs_approval=rule is not None and amount > rule.alone_max,
        delay_days=delay_days,
    )


def by_rule_of(rule: Rule, *, price: int, delay_days: int) -> int:
    """This function will return what a rule comes to before any cap, in minor units, a share of the price rounded up.

    A rule for a late delivery begins when its days of grace are over; any other begins at once.
    """
    days_beyond = max(delay_days - rule.grace_days, 0)
    if rule.about is About.LATE_DELIVERY and not days_beyond:
        return 0
    share = -(-price * rule.percent_bp // BASIS_POINTS)
    return rule.fixed + share + rule.per_day * days_beyond


def _rule_for(policy: Policy, about: About, currency: str) -> tuple[int | None, Rule | None]:
    for place, rule in enumerate(policy.rules):
        if (rule.about, rule.currency) == (about, currency):
            return place, rule
    return None, None
