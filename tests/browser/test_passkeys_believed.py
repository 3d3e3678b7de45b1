"""What a real browser says of its passkeys is believed, as it comes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from evertill.domains import identity
from evertill.domains.identity import Ceremony
from evertill.kernel import config
from tests.browser import key_holder
from tests.browser.key_holder import KeyHolder
from tests.passkeys import ADA, IN_TIME, add, refusal, to_add, to_use, use


@pytest.fixture(scope="module")
def holder() -> Iterator[KeyHolder]:
    with key_holder.running() as running:
        yield running


@pytest.fixture(autouse=True)
def at_its_page(holder: KeyHolder, monkeypatch: pytest.MonkeyPatch) -> None:
    holder.forget()
    ours = dataclasses.replace(config.get(), public_url=holder.url)
    monkeypatch.setattr(config, "get", lambda: ours)


@pytest.mark.django_db
class TestChromium:
    def test_makes_a_passkey_and_signs_in_by_it_again_and_again(self, holder: KeyHolder) -> None:
        made = add(holder.make(to_add()))

        used = [use(holder.use(to_use())) for _ in range(3)]

        assert {(each.account_id, each.passkey_id, each.is_suspected) for each in used} == {(ADA, made.id, False)}
        (seen,) = identity.passkeys.list_all(account_id=ADA)
        assert (seen.used_at, seen.transports) == (IN_TIME, ("internal",))

    def test_steps_up_by_one_of_the_accounts_own(self, holder: KeyHolder) -> None:
        add(holder.make(to_add()))
        options = to_use(ceremony=Ceremony.STEP_UP, subject="one", account_id=ADA)

        answer = holder.use(options)

        assert refusal(lambda: use(answer, ceremony=Ceremony.STEP_UP, subject="another")) == "CHALLENGE_MISUSED"
        assert use(answer, ceremony=Ceremony.STEP_UP, subject="one", account_id=ADA).account_id == ADA

    def test_says_the_truth_about_where_it_is(self, holder: KeyHolder, monkeypatch: pytest.MonkeyPatch) -> None:
        add(holder.make(to_add()))
        elsewhere = dataclasses.replace(config.get(), public_url="http://localhost:1")
        monkeypatch.setattr(config, "get", lambda: elsewhere)

        assert refusal(lambda: use(holder.use(to_use()))) == "WRONG_ORIGIN"
