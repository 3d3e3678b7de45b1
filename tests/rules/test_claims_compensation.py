"""What the policy owes: never above a cap, never less for a longer delay, whole minor units."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.claims import About, Cap, Given, Limit, Policy, Rule, compensation
from evertill.kernel.money import Money

AMOUNTS = st.integers(0, 10**7)
RULES = st.builds(
    Rule,
    about=st.sampled_from(About),
    currency=st.just("GBP"),
    fixed=AMOUNTS,
    percent_bp=st.integers(0, 10_000),
    per_day=AMOUNTS,
    grace_days=st.integers(0, 30),
    order_max=AMOUNTS,
    alone_max=AMOUNTS,
)
CAPS = st.builds(Cap, currency=st.just("GBP"), customer_month_max=AMOUNTS, month_max=AMOUNTS)
GIVEN = st.builds(Given, order=AMOUNTS, customer_month=AMOUNTS, month=AMOUNTS)
DAYS = st.integers(0, 400)


def _pounds(amount: int) -> Money:
    return Money(amount=amount, currency="GBP")


LATE = Rule(
    about=About.LATE_DELIVERY, currency="GBP", percent_bp=500, per_day=100, grace_days=2, order_max=2000, alone_max=500
)
CAP = Cap(currency="GBP", customer_month_max=5000, month_max=100_000)
POLICY = Policy(version=3, rules=(LATE,), caps=(CAP,))


class TestDue:
    @given(RULES, CAPS, AMOUNTS, DAYS, GIVEN)
    def test_never_goes_beyond_a_cap(self, rule: Rule, cap: Cap, price: int, days: int, given_: Given) -> None:
        policy = Policy(version=1, rules=(rule,), caps=(cap,))

        due = compensation.due(policy=policy, about=rule.about, price=_pounds(price), delay_days=days, given=given_)

        amount = due.amount.amount
        assert amount >= 0
        assert amount == 0 or given_.order + amount <= rule.order_max
        assert amount == 0 or given_.customer_month + amount <= cap.customer_month_max
        assert amount == 0 or given_.month + amount <= cap.month_max
        assert amount <= due.by_rule
        assert bool(due.limits) is (amount < due.by_rule)
        assert due.needs_approval is (amount > rule.alone_max)

    @given(RULES, CAPS, AMOUNTS, DAYS, DAYS, GIVEN)
    def test_is_never_less_for_a_longer_delay(
        self, rule: Rule, cap: Cap, price: int, days: int, more: int, given_: Given
    ) -> None:
        policy = Policy(version=1, rules=(rule,), caps=(cap,))

        sooner, later = (
            compensation.due(policy=policy, about=rule.about, price=_pounds(price), delay_days=delay, given=given_)
            for delay in (days, days + more)
        )

        assert later.amount.amount >= sooner.amount.amount

    @given(RULES, AMOUNTS, AMOUNTS)
    def test_rounds_a_share_up_by_less_than_one(self, rule: Rule, price: int, fixed: int) -> None:
        share = msgspec.structs.replace(rule, fixed=fixed, per_day=0, grace_days=0)

        by_rule = compensation.by_rule_of(share, price=price, delay_days=1)

        assert 0 <= (by_rule - fixed) * 10_000 - price * rule.percent_bp < 10_000

    def test_promises_nothing_before_anybody_declared_anything(self) -> None:
        due = compensation.due(policy=Policy(), about=About.LOST_ORDER, price=_pounds(10_000))

        assert (due.amount.amount, due.version, due.rule, due.needs_approval) == (0, 0, None, False)

    def test_says_how_it_came_about(self) -> None:
        due = compensation.due(policy=POLICY, about=About.LATE_DELIVERY, price=_pounds(9_999), delay_days=5)

        # 5 % of 99.99 is 4.99950, in the customer's favour 5.00; and three days beyond the two of grace.
        assert due.by_rule == 500 + 300
        assert (due.amount, due.version, due.rule, due.limits) == (_pounds(800), 3, 0, ())
        assert due.needs_approval

    def test_owes_nothing_within_the_days_of_grace(self) -> None:
        due = compensation.due(policy=POLICY, about=About.LATE_DELIVERY, price=_pounds(9_999), delay_days=2)

        assert due.amount == _pounds(0)

    def test_names_what_kept_it_lower(self) -> None:
        before = Given(order=1_500, customer_month=4_900, month=4_900)

        due = compensation.due(
            policy=POLICY, about=About.LATE_DELIVERY, price=_pounds(9_999), delay_days=5, given=before
        )

        assert due.amount == _pounds(100)
        assert due.limits == (Limit.ORDER, Limit.CUSTOMER_MONTH)

    def test_owes_nothing_in_another_currency(self) -> None:
        due = compensation.due(
            policy=POLICY, about=About.LATE_DELIVERY, price=Money(amount=9_999, currency="EUR"), delay_days=9
        )

        assert due.amount == Money(amount=0, currency="EUR")


class TestCheck:
    def test_takes_a_sound_policy(self) -> None:
        compensation.check(rules=POLICY.rules, caps=POLICY.caps)

    @pytest.mark.parametrize(
        ("rules", "caps"),
        [
            ((LATE, LATE), (CAP,)),
            ((LATE,), ()),
            ((LATE,), (CAP, CAP)),
            ((msgspec.structs.replace(LATE, percent_bp=10_001),), (CAP,)),
            ((msgspec.structs.replace(LATE, fixed=-1),), (CAP,)),
            ((msgspec.structs.replace(LATE, grace_days=-1),), (CAP,)),
            ((msgspec.structs.replace(LATE, currency="pounds"),), (CAP,)),
            ((), (msgspec.structs.replace(CAP, month_max=-1),)),
        ],
    )
    def test_refuses_what_cannot_be(self, rules: tuple[Rule, ...], caps: tuple[Cap, ...]) -> None:
        with pytest.raises(compensation.PolicyInvalid):
            compensation.check(rules=rules, caps=caps)
