"""Passkeys: what honest devices say is believed, and what an account keeps of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from evertill.domains import identity
from evertill.domains.identity import Ceremony, UsedPasskey
from evertill.domains.identity.ceremonies import PasskeyRefused, PasskeysUnavailable, TooManyChallenges
from evertill.domains.identity.passkeys import PasskeyNameInvalid, PasskeyNotFound, TooManyPasskeys
from evertill.kernel import config, db
from tests import tables
from tests.authenticator import (
    AT,
    BE,
    BS,
    EDDSA,
    ES256,
    RS256,
    UP,
    UV,
    AlreadyKept,
    Authenticator,
    cose_of,
    new_key,
    text,
)
from tests.passkeys import (
    ADA,
    EVE,
    IN_TIME,
    add,
    refusal,
    registered,
    to_add,
    to_use,
    use,
)
from tests.threads import together

Change = Callable[..., None]


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


@pytest.mark.django_db
class TestOptions:
    def test_ask_for_a_passkey_that_verifies_and_names_its_user(self) -> None:
        options = json.loads(to_add())

        assert options["rp"] == {"id": "localhost", "name": config.get().shop_name or "localhost"}
        assert [each["alg"] for each in options["pubKeyCredParams"]] == [-7, -8, -257]
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["authenticatorSelection"]["requireResidentKey"] is True
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert (options["attestation"], options["timeout"], options["excludeCredentials"]) == ("none", 300_000, [])
        assert options["user"]["name"] == "ada@example.com"

    def test_never_tell_a_device_the_accounts_number(self) -> None:
        handles = [json.loads(to_add(account_id))["user"]["id"] for account_id in (ADA, ADA, EVE)]

        assert handles[0] == handles[1] != handles[2]
        assert [len(handle) for handle in handles] == [43] * 3

    def test_of_signing_in_name_nobody(self, device: Authenticator) -> None:
        registered(device)

        options = json.loads(to_use())

        assert options["allowCredentials"] == []
        assert (options["rpId"], options["userVerification"]) == ("localhost", "required")

    def test_of_step_up_name_the_accounts_own(self, device: Authenticator) -> None:
        registered(device)
        registered(Authenticator(), EVE)

        options = json.loads(to_use(ceremony=Ceremony.STEP_UP, account_id=ADA))

        (named,) = options["allowCredentials"]
        assert named == {
            "type": "public-key",
            "id": text(device.kept[0].credential_id),
            "transports": ["hybrid", "internal"],
        }

    def test_keep_a_device_from_having_two_of_one_account(self, device: Authenticator) -> None:
        registered(device)

        with pytest.raises(AlreadyKept):
            device.make(to_add())
        device.make(to_add(EVE))

    def test_have_challenges_that_are_never_the_same(self) -> None:
        assert len({json.loads(to_use())["challenge"] for _ in range(5)}) == 5

    def test_are_limited_per_caller(self, change: Change) -> None:
        change(passkey_caller_hour_max=2)
        to_use()
        to_add()

        with pytest.raises(TooManyChallenges):
            to_use()

    def test_of_new_accounts_are_limited_as_codes_are(self, change: Change) -> None:
        change(code_caller_hour_max=2)
        for _ in range(2):
            to_add(None, ceremony=Ceremony.SIGN_UP)

        with pytest.raises(TooManyChallenges):
            to_add(None, ceremony=Ceremony.SIGN_UP)
        to_add()
        to_use()


class TestAddress:
    @pytest.mark.parametrize(
        ("url", "rp_id", "origin"),
        [
            ("https://shop.example", "shop.example", "https://shop.example"),
            ("https://Shop.Example:443/", "shop.example", "https://shop.example"),
            ("https://shop.example:8443", "shop.example", "https://shop.example:8443"),
            ("http://localhost:8000", "localhost", "http://localhost:8000"),
            ("http://tea.localhost", "tea.localhost", "http://tea.localhost"),
        ],
    )
    def test_is_that_of_the_shop(self, change: Change, url: str, rp_id: str, origin: str) -> None:
        change(public_url=url)

        us = identity.ceremonies.party()

        assert (us.id, us.origin, identity.ceremonies.are_possible()) == (rp_id, origin, True)

    @pytest.mark.parametrize(
        "url", ["http://shop.example", "https://203.0.113.7", "https://[2001:db8::1]", "shop.example"]
    )
    def test_that_browsers_refuse_has_no_passkeys(self, change: Change, url: str) -> None:
        change(public_url=url)

        assert identity.ceremonies.are_possible() is False
        with pytest.raises(PasskeysUnavailable):
            to_use()


@pytest.mark.django_db
class TestHonestDevices:
    @pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
    @pytest.mark.parametrize("counts", [True, False])
    def test_sign_in(self, algorithm: int, counts: bool) -> None:
        device = Authenticator(algorithm=algorithm, counts=counts)
        passkey = registered(device)

        used = [use(device.use(to_use())) for _ in range(3)]

        assert used == [UsedPasskey(account_id=ADA, passkey_id=passkey.id, name="Ada’s phone", is_suspected=False)] * 3

    def test_are_told_apart(self) -> None:
        ada, eve = Authenticator(), Authenticator()
        registered(ada, ADA)
        registered(eve, EVE)

        assert [use(each.use(to_use())).account_id for each in (eve, ada)] == [EVE, ADA]

    def test_may_have_several_passkeys_and_accounts(self, device: Authenticator) -> None:
        registered(device, ADA)
        registered(device, EVE)

        assert [use(device.use(to_use(), passkey=kept)).account_id for kept in device.kept] == [ADA, EVE]

    def test_that_sync_say_so(self) -> None:
        registered(Authenticator(is_synced=True))
        registered(Authenticator())

        (alone, synced) = sorted(identity.passkeys.list_all(account_id=ADA), key=lambda each: each.is_backed_up)
        assert (synced.is_backup_eligible, synced.is_backed_up) == (True, True)
        assert (alone.is_backup_eligible, alone.is_backed_up) == (False, False)

    def test_may_begin_to_sync_later(self) -> None:
        device = Authenticator()
        add(device.make(to_add(), flags=UP | UV | AT | BE))

        use(device.use(to_use(), flags=UP | UV | BE | BS))

        assert identity.passkeys.list_all(account_id=ADA)[0].is_backed_up is True

    @pytest.mark.parametrize(
        "lies",
        [
            {"format": "packed", "statement": {"alg": -7, "sig": b"\x30\x00", "x5c": [b"certificate"]}},
            {"extensions": {"credProtect": 3}, "flags": UP | UV | AT | 0x80},
            {"is_discoverable": None},
            {"credential_id": b"x" * 1023},
            {"cose": cose_of(new_key(EDDSA)) | {2: b"key id"}},
        ],
    )
    def test_may_say_more_or_less_than_is_asked(self, device: Authenticator, lies: dict[str, Any]) -> None:
        assert add(device.make(to_add(), **lies)).name == "Ada’s phone"

    def test_prove_one_operation_on_one_object(self, device: Authenticator) -> None:
        registered(device)
        subject = "session 1, REMOVE_ADDRESS, EMAIL:ada@example.com"
        options = to_use(ceremony=Ceremony.STEP_UP, subject=subject, account_id=ADA)

        used = use(device.use(options), ceremony=Ceremony.STEP_UP, subject=subject, account_id=ADA)

        assert used.account_id == ADA

    def test_open_an_account_without_any_address(self, device: Authenticator) -> None:
        answer = device.make(to_add(None, ceremony=Ceremony.SIGN_UP))
        add(answer, account_id=99, ceremony=Ceremony.SIGN_UP)

        assert use(device.use(to_use())).account_id == 99

    def test_that_are_remembered_can_be_seen(self, device: Authenticator) -> None:
        passkey = registered(device)
        use(device.use(to_use()))

        (seen,) = identity.passkeys.list_all(account_id=ADA)
        assert seen == dataclasses.replace(passkey, used_at=IN_TIME)
        assert (seen.added_at, seen.transports, seen.suspected_at) == (IN_TIME, ("hybrid", "internal"), None)


@pytest.mark.django_db
class TestSignCount:
    @pytest.mark.parametrize("count", [0, 1, 4, 5])
    def test_that_does_not_grow_tells_of_a_copy(self, count: int) -> None:
        device = Authenticator(counts=True)
        registered(device)
        device.kept[0].count = 4
        assert use(device.use(to_use())).is_suspected is False

        used = use(device.use(to_use(), count=count))

        assert (used.account_id, used.is_suspected) == (ADA, True)
        (passkey,) = identity.passkeys.list_all(account_id=ADA)
        assert passkey.suspected_at == IN_TIME

    def test_that_tells_of_a_copy_ends_the_passkey_for_both(self) -> None:
        device = Authenticator(counts=True)
        registered(device)
        use(device.use(to_use()))
        use(device.use(to_use(), count=1))

        # Neither the copy, which can say what it likes, nor the real one proves anything any more.
        assert refusal(lambda: use(device.use(to_use(), count=1_000))) == "SUSPECTED"
        assert refusal(lambda: use(device.use(to_use()))) == "SUSPECTED"
        assert identity.passkeys.count(account_id=ADA) == 0
        assert json.loads(to_use(ceremony=Ceremony.STEP_UP, account_id=ADA))["allowCredentials"] == []

    def test_of_a_new_passkey_counts(self) -> None:
        device = Authenticator(counts=True)
        add(device.make(to_add(), count=7))

        assert use(device.use(to_use(), count=7)).is_suspected is True

    def test_may_jump(self) -> None:
        device = Authenticator()
        registered(device)

        assert [use(device.use(to_use(), count=count)).is_suspected for count in (3, 90, 2**32 - 1)] == [False] * 3

    def test_is_not_moved_by_an_answer_that_is_refused(self) -> None:
        device = Authenticator(counts=True)
        registered(device)
        refusal(lambda: use(device.use(to_use(), count=2**32 - 1, signature=lambda _: b"")))

        assert use(device.use(to_use())).is_suspected is False


@pytest.mark.usefixtures("committed_db")
class TestTogether:
    def test_forty_uses_of_one_answer_are_one(self) -> None:
        device = Authenticator(counts=True)
        with db.write():
            registered(device)
            answers = [device.use(to_use()) for _ in range(5)]

        def sign_in() -> list[int]:
            return [_attempt(answer) for answer in answers]

        won = together(*[sign_in] * 40)

        assert [sum(wins) for wins in zip(*won, strict=True)] == [1] * 5

    def test_one_device_that_adds_at_once_is_one_passkey(self) -> None:
        device = Authenticator()
        with db.write():
            answers = [device.make(to_add(subject=str(number)), credential_id=b"one") for number in range(10)]

        def add_one(number: int) -> bool:
            try:
                with db.write():
                    add(answers[number], subject=str(number))
            except PasskeyRefused:
                return False
            return True

        added = together(*[lambda number=number: add_one(number) for number in range(10)])

        assert sum(added) == tables.count("identity_passkey") == 1

    def test_the_limit_holds_when_all_add_at_once(self) -> None:
        with db.write():
            answers = [Authenticator().make(to_add(subject=str(number))) for number in range(30)]

        def add_one(number: int) -> bool:
            try:
                with db.write():
                    add(answers[number], subject=str(number))
            except TooManyPasskeys:
                return False
            return True

        added = together(*[lambda number=number: add_one(number) for number in range(30)])

        assert sum(added) == tables.count("identity_passkey") == 20


def _attempt(answer: str) -> bool:
    try:
        with db.write():
            taken = identity.ceremonies.take_assertion(text=answer, ceremony=Ceremony.SIGN_IN, subject="", now=IN_TIME)
    except PasskeyRefused:
        return False
    assert taken.handle == b""
    return True


@pytest.mark.django_db
class TestKeeping:
    def test_a_passkey_of_somebody_else_is_nobody_elses(self, device: Authenticator) -> None:
        registered(device)
        stolen = device.kept[0].credential_id

        answer = Authenticator().make(to_add(EVE), credential_id=stolen)

        assert refusal(lambda: add(answer, account_id=EVE)) == "CREDENTIAL_KNOWN"
        assert identity.passkeys.list_all(account_id=EVE) == []
        assert use(device.use(to_use())).account_id == ADA

    def test_one_that_was_made_for_another_handle_is_not_added(self, device: Authenticator) -> None:
        answer = device.make(to_add(None, ceremony=Ceremony.SIGN_UP))
        registered(Authenticator(), ADA)

        assert refusal(lambda: add(answer, account_id=ADA, ceremony=Ceremony.SIGN_UP)) == "HANDLE_DIFFERS"

    def test_there_are_twenty_at_most(self) -> None:
        for _ in range(20):
            registered(Authenticator())

        with pytest.raises(TooManyPasskeys):
            to_add()
        identity.passkeys.remove(account_id=ADA, passkey_id=identity.passkeys.list_all(account_id=ADA)[3].id)
        registered(Authenticator())
        assert identity.passkeys.count(account_id=ADA) == 20

    @pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb\0", "\u202eenohp"])
    def test_names_can_be_shown(self, device: Authenticator, name: str) -> None:
        passkey = registered(device)

        with pytest.raises(PasskeyNameInvalid):
            identity.passkeys.rename(account_id=ADA, passkey_id=passkey.id, name=name)

    def test_can_be_renamed_by_their_owner(self, device: Authenticator) -> None:
        passkey = registered(device)

        identity.passkeys.rename(account_id=ADA, passkey_id=passkey.id, name="  工作  电脑 ")

        assert [each.name for each in identity.passkeys.list_all(account_id=ADA)] == ["工作 电脑"]
        with pytest.raises(PasskeyNotFound):
            identity.passkeys.rename(account_id=EVE, passkey_id=passkey.id, name="Eve’s")

    def test_can_be_removed_by_their_owner(self, device: Authenticator) -> None:
        passkey = registered(device)
        with pytest.raises(PasskeyNotFound):
            identity.passkeys.remove(account_id=EVE, passkey_id=passkey.id)

        assert identity.passkeys.remove(account_id=ADA, passkey_id=passkey.id) == passkey
        assert refusal(lambda: use(device.use(to_use()))) == "CREDENTIAL_UNKNOWN"

    def test_all_can_be_removed(self) -> None:
        devices = [Authenticator(), Authenticator()]
        for each in devices:
            registered(each)
        registered(Authenticator(), EVE)

        assert identity.passkeys.remove_all(account_id=ADA) == 2

        assert (identity.passkeys.count(account_id=ADA), identity.passkeys.count(account_id=EVE)) == (0, 1)
        assert tables.count("identity_passkey_holder") == 1
