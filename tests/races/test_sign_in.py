"""Signing in, when everybody does everything at once: a code is used once, and nobody waits in a circle."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from evertill.domains import accounts, identity
from evertill.domains.accounts import AddressKind
from evertill.domains.identity import Factor, Operation
from evertill.journeys import (
    change_address,
    change_password,
    manage_second_factors,
    manage_sessions,
    recover_account,
    step_up,
)
from evertill.journeys.begin_session import SignedIn, Visit
from evertill.journeys.sign_in import (
    AskedForCode,
    AttemptEnded,
    CodeWrong,
    MoreNeeded,
    ask_for_code,
    send_second_code,
    sign_in_by_code,
    sign_in_by_password,
    sign_in_by_second_factor,
)
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError
from tests import people, tables
from tests.builders import NOON
from tests.people import PASSWORD, PHONE, VISIT, Pocket, at, signed_up
from tests.threads import together

_ROUNDS, _ROUNDS_OF_A_DRILL = 3, 100
# 200 uses: as many connections as PostgreSQL has for one of the tests' workers, each used five times at once.
_THREADS, _EACH = 40, 5
_ACTORS, _ACTS, _ACTS_OF_A_DRILL = 8, 25, 400
_RARELY = 0.2
_PLENTY: dict[str, Any] = {
    "code_address_hour_max": 10**6,
    "code_address_day_max": 10**6,
    "code_caller_hour_max": 10**6,
    "code_shop_day_max": 10**6,
    "guess_caller_hour_max": 10**6,
    "password_checks_max": 64,
    "page_threads": 64,
}


@pytest.fixture
def pocket(committed_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pocket]:
    """A shop in which everybody may try as often as he likes."""
    settings.PASSWORD_HASHERS = ["tests.people.CheapHasher"]
    generous = dataclasses.replace(config.get(), **_PLENTY)
    monkeypatch.setattr(config, "get", lambda: generous)
    with people.pocket() as made:
        yield made


class TestOneCode:
    def test_signs_in_once_when_two_hundred_bring_it(self, pocket: Pocket, pytestconfig: pytest.Config) -> None:
        is_drill = pytestconfig.getoption("drill")
        rounds = pytestconfig.getoption("rounds") or (_ROUNDS_OF_A_DRILL if is_drill else _ROUNDS)
        asked: list[tuple[AskedForCode, str]] = []
        for number in range(rounds):
            address = f"ada{number}@example.com"
            signed_up(pocket, address)
            waiting = ask_for_code(address=address, visit=VISIT, now=NOON)
            asked.append((waiting, pocket.code(address)))
        each_round = threading.Barrier(_THREADS)

        def use_often() -> list[int]:
            wins = []
            for waiting, code in asked:
                each_round.wait(timeout=300)
                wins.append(sum(_is_signed_in(waiting, code) for _ in range(_EACH)))
            return wins

        won = together(*[use_often] * _THREADS, patience_s=300 + 10 * rounds)

        assert [sum(wins) for wins in zip(*won, strict=True)] == [1] * rounds
        # One of signing up, and one of the code.
        assert tables.count("identity_session") == 2 * rounds


def _is_signed_in(waiting: AskedForCode, code: str) -> bool:
    try:
        return isinstance(sign_in_by_code(attempt=waiting.attempt, digits=code, visit=VISIT, now=NOON), SignedIn)
    except (CodeWrong, AttemptEnded):
        return False


class Somebody:
    """Somebody who does one thing after another with an account that others use too."""

    def __init__(self, pocket: Pocket, account_id: int, seed: int) -> None:
        self.pocket = pocket
        self.account_id = account_id
        self.random = random.Random(seed)
        self.now = NOON
        self.browser = ""
        self.session: identity.Session | None = None
        self.did: Counter[str] = Counter()

    def act(self) -> None:
        """Do something; what is refused is refused in plain words, and nothing else goes wrong."""
        self.now += dt.timedelta(seconds=self.random.randint(1, 40))
        acts: list[Callable[[], object]] = [self.by_code, self.by_code, self.by_password, self.by_password, self.guess]
        if self.session is not None:
            acts += [self.password, self.address, self.no_address, self.sms, self.no_sms, self.codes]
            acts += [self.look, self.cancel]
            # Rarely, or nobody would have a session to do the rest in.
            acts += [self.others, self.forget] if self.random.random() < _RARELY else []
        act = self.random.choice(acts)
        try:
            act()
        except (db.DatabaseUnavailable, db.OutcomeUnknown):
            raise
        except EvertillError as error:
            self.did[error.code] += 1
        else:
            self.did[act.__name__] += 1

    @property
    def visit(self) -> Visit:
        return at(VISIT, browser=self.browser, caller=str(self.random.randint(1, 3)), session=self.session)

    @property
    def here(self) -> identity.Session:
        assert self.session is not None
        return self.session

    def keep(self, outcome: object) -> None:
        if isinstance(outcome, SignedIn):
            self.session, self.browser = outcome.session, outcome.browser_secret
        elif isinstance(outcome, MoreNeeded):
            self.second(outcome)

    def by_code(self) -> None:
        address = self.random.choice(["ada@example.com", PHONE])
        asked = ask_for_code(address=address, visit=self.visit, now=self.now)
        code_id = self.code_id_of(asked.attempt)
        digits = self.pocket.code_of(code_id)
        self.keep(sign_in_by_code(attempt=asked.attempt, digits=digits, visit=self.visit, now=self.now))

    def code_id_of(self, attempt: str) -> str:
        with db.write():
            waiting = identity.attempts.resume(secret=attempt, now=self.now)
            assert waiting is not None
            return waiting.code_id

    def by_password(self) -> None:
        self.keep(sign_in_by_password(address="ada@example.com", password=PASSWORD, visit=self.visit, now=self.now))

    def guess(self) -> None:
        sign_in_by_password(address=PHONE, password="wrong", visit=self.visit, now=self.now)

    def second(self, waiting: MoreNeeded) -> None:
        if waiting.may_recover and self.random.random() < 0.5:
            recover_account.ask(attempt=waiting.attempt, visit=self.visit, now=self.now)
        factor = self.random.choice(sorted(waiting.factors))
        text = PASSWORD if factor is Factor.PASSWORD else "0000-0000-0000-0000"
        if factor in (Factor.SMS_CODE, Factor.EMAIL_CODE):
            send_second_code(attempt=waiting.attempt, factor=factor, visit=self.visit, now=self.now)
            text = self.pocket.code_of(self.code_id_of(waiting.attempt))
        self.keep(
            sign_in_by_second_factor(
                attempt=waiting.attempt,
                factor=factor,
                text=text,
                trust=self.random.random() < 0.3,
                visit=self.visit,
                now=self.now,
            )
        )

    def step_up(self, operation: Operation, subject: str = "") -> None:
        factor = self.random.choice([Factor.SMS_CODE, Factor.EMAIL_CODE])
        sent = step_up.send_code(
            session=self.here, operation=operation, subject=subject, factor=factor, visit=self.visit, now=self.now
        )
        step_up.prove(
            session=self.here,
            operation=operation,
            subject=subject,
            factor=factor,
            text=self.pocket.code_of(sent.code_id),
            code_id=sent.code_id,
            visit=self.visit,
            now=self.now,
        )

    def password(self) -> None:
        self.step_up(Operation.CHANGE_PASSWORD)
        change_password.change_password(
            session=self.here, current=PASSWORD, new=PASSWORD, visit=self.visit, now=self.now
        )

    def address(self) -> None:
        address = f"{self.random.randint(1, 3)}@example.com"
        self.step_up(Operation.ADD_ADDRESS, f"EMAIL:{address}")
        begun = change_address.begin_adding(session=self.here, address=address, visit=self.visit, now=self.now)
        digits = self.pocket.code_of(begun.code_id)
        change_address.finish_adding(
            session=self.here, address=address, code_id=begun.code_id, digits=digits, now=self.now
        )

    def no_address(self) -> None:
        address = f"{self.random.randint(1, 3)}@example.com"
        self.step_up(Operation.REMOVE_ADDRESS, f"EMAIL:{address}")
        change_address.remove_address(session=self.here, kind=AddressKind.EMAIL, address=address, now=self.now)

    def sms(self) -> None:
        self.step_up(Operation.SMS_SECOND_ON)
        manage_second_factors.turn_sms_on(session=self.here, now=self.now)

    def no_sms(self) -> None:
        self.step_up(Operation.SMS_SECOND_OFF)
        manage_second_factors.turn_sms_off(session=self.here, now=self.now)

    def codes(self) -> None:
        self.step_up(Operation.MAKE_RECOVERY_CODES)
        manage_second_factors.make_recovery_codes(session=self.here, now=self.now)

    def others(self) -> None:
        manage_sessions.end_other_sessions(session=self.here, now=self.now)

    def forget(self) -> None:
        known = manage_sessions.list_browsers(session=self.here, now=self.now)
        if known:
            manage_sessions.forget_browser(session=self.here, browser_id=self.random.choice(known).id, now=self.now)

    def look(self) -> None:
        manage_sessions.list_sessions(session=self.here, now=self.now)
        with db.write():
            identity.forgetting.remove_old(now=self.now, limit=10)

    def cancel(self) -> None:
        recover_account.cancel(session=self.here, now=self.now)


class TestOneAccount:
    def test_is_used_by_many_at_once_and_nobody_waits_in_a_circle(
        self, pocket: Pocket, seed: int, pytestconfig: pytest.Config
    ) -> None:
        acts = _ACTS_OF_A_DRILL if pytestconfig.getoption("drill") else _ACTS
        print(f"seed {seed}")
        signed = signed_up(pocket, password=PASSWORD)
        with db.write():
            accounts.add_address(account_id=signed.account_id, kind=AddressKind.PHONE, address=PHONE, now=NOON)
        everybody = [Somebody(pocket, signed.account_id, seed + number) for number in range(_ACTORS)]

        def live(one: Somebody) -> Callable[[], None]:
            def call() -> None:
                for _ in range(acts):
                    one.act()

            return call

        together(*[live(one) for one in everybody], patience_s=300 + acts)

        did = sum((one.did for one in everybody), Counter[str]())
        print(sorted(did.items()))
        assert did["by_code"] + did["by_password"] > 0
        assert did["password"] + did["address"] + did["sms"] > 0
        # Whatever happened, its owner can still come in, and what guards him is whole.
        addresses = {address.text for address in accounts.read_addresses(account_id=signed.account_id)}
        assert {"ada@example.com", PHONE} <= addresses
        assert len(addresses) <= config.get().account_addresses_max
