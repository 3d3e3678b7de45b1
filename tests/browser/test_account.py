"""People and their accounts in a real browser: in by passkey, password, app, SMS and code; what ends, ends at once.

On their way they hold each account page to the exam, once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import device
from tests.browser.exam import Examiner
from tests.browser.guard import Guard
from tests.browser.member import PASSWORD, Letterbox, Member
from tests.browser.visitor import Door, Size
from tests.shop import Shop

Members = Callable[..., Member]


@pytest.fixture
def member(enter: Door, shop: Shop) -> Members:
    """Somebody with a browser of his own; with `of`, the same person in front of another one."""
    letterbox = Letterbox(file=shop.folder / "messages" / "messages.jsonl")

    def let_in(*, of: Member | None = None, **options: Any) -> Member:
        visitor = enter(**options)
        return Member(visitor=visitor, letterbox=letterbox, address=of.address if of else "")

    return let_in


def test_a_passkey_alone_opens_an_account(exam_in: Examiner, member: Members) -> None:
    ada, exam = member(size=Size.PHONE), exam_in("en")
    device.give(ada.page)
    ada.open("sign-in")
    exam.look(ada.page, "sign-in")

    ada.sign_up_by_passkey()
    exam.look(ada.page, "home")
    ada.sign_out()
    ada.use_passkey()
    ada.is_in()
    ada.begin("recovery-codes")
    ada.use_passkey()
    codes = ada.recovery_codes()

    assert len(set(codes)) == 10
    assert not exam.faults, "\n".join(exam.faults)


def test_a_password_and_an_app_in_a_browser_that_is_trusted_then(
    exam_in: Examiner, member: Members, guard: Guard
) -> None:
    ada, exam = member(language="zh-hans"), exam_in("zh-hans")
    code = ada.ask_for_code()
    exam.look(ada.page, "code")
    with guard.expecting(422):
        ada.enter_code(f"{(int(code) + 1) % 10**6:06}")
        ada.is_refused("This code is not right, or not any more.")
    ada.enter_code(code)
    ada.visitor.sees("Open your account")
    exam.look(ada.page, "open")
    ada.open_account(password=PASSWORD)
    ada.begin("recovery-codes")
    ada.have_code_sent()
    exam.look(ada.page, "prove")
    ada.prove("EMAIL_CODE")
    recovery_code, *_others = ada.recovery_codes()
    exam.look(ada.page, "recovery-codes")
    ada.begin("totp")
    ada.prove_by_code()
    app = ada.app()
    exam.look(ada.page, "totp")
    with guard.expecting(422):
        ada.find("[name=code]").fill(f"{(int(app.digits()) + 1) % 10**6:06}")
        ada.press("form[action$='/totp/confirm'] button.main")
        ada.is_refused("This code is not right, or not any more.")
    ada.find("[name=code]").fill(app.digits())
    ada.press("form[action$='/totp/confirm'] button.main")
    ada.is_told_saved()
    exam.look(ada.page, "security")
    ada.sign_out()

    # The second step is asked for, and once more only where nobody said to leave it.
    ada.sign_in_by_password()
    ada.visitor.sees("One more step")
    exam.look(ada.page, "second-step")
    ada.find("section[aria-labelledby='way-TOTP'] [name=trust]").check()
    ada.prove("TOTP", app.digits(ahead=1))
    ada.is_in()
    ada.sign_out()
    ada.sign_in_by_password()
    ada.is_in()

    # Elsewhere it is; there a recovery code does, once.
    elsewhere = member(of=ada, size=Size.PHONE, language="zh-hans")
    elsewhere.sign_in_by_password()
    elsewhere.prove("RECOVERY_CODE", recovery_code)
    elsewhere.is_in()
    elsewhere.sign_out()
    elsewhere.sign_in_by_password()
    with guard.expecting(422):
        elsewhere.prove("RECOVERY_CODE", recovery_code)
        elsewhere.is_refused("This was not right.")
    elsewhere.open()
    elsewhere.is_out()

    assert not exam.faults, "\n".join(exam.faults)


def test_a_password_and_a_code_by_sms(exam_in: Examiner, member: Members) -> None:
    ada, exam = member(size=Size.PHONE), exam_in("en")
    phone = f"+86138{secrets.randbelow(10**8):08}"
    ada.sign_up(password=PASSWORD)
    ada.open("addresses")
    exam.look(ada.page, "addresses")
    ada.find("[name=address]:not([type=hidden])").fill(phone)
    ada.press("form[action$='/addresses/add'] button")
    ada.visitor.sees("Prove that it is you")
    ada.have_code_sent()
    # The form that was interrupted goes on by itself, and sends the next code.
    code = ada.code_by("button[value='prove:EMAIL_CODE']", to=phone)
    ada.visitor.sees("Enter the code")
    exam.look(ada.page, "address-code")
    ada.find("[name=code]").fill(code)
    ada.press("form[action$='/addresses/confirm'] button.main")
    ada.is_told_saved()
    ada.begin("sms")
    ada.prove_by_code()
    ada.is_told_saved()
    ada.sign_out()

    ada.sign_in_by_password()
    ada.visitor.sees("One more step")
    ada.have_code_sent("SMS_CODE", to=phone)
    ada.prove("SMS_CODE")
    ada.is_in()

    assert not exam.faults, "\n".join(exam.faults)


def test_a_proof_is_for_one_thing_and_an_ended_session_ends_with_the_next_click(
    exam_in: Examiner, member: Members
) -> None:
    ada, exam = member(), exam_in("en")
    ada.sign_up()
    there = member(of=ada, size=Size.PHONE)
    there.sign_in_by_code()
    there.is_in()

    # The password's proof is given and not used yet: it is none for the codes.
    ada.begin("password/begin")
    ada.prove_by_code()
    ada.visitor.sees("Your new password")
    exam.look(ada.page, "password")
    form = ada.page
    ada.visitor.page = form.context.new_page()
    ada.begin("recovery-codes")
    ada.visitor.page.close()
    ada.visitor.page = form
    ada.find("[name=new]").fill(PASSWORD)
    ada.press("form.panel button.main")
    ada.is_told_saved()

    # A new password ends other sessions, and so does the owner.
    there.press("a[href$='/account/security']:visible >> nth=0")
    there.is_out()
    there.sign_in_by_password()
    there.is_in()
    ada.open("devices")
    exam.look(ada.page, "devices")
    ada.press("button[value=others]")
    ada.is_told_saved()
    there.press("a[href$='/account/security']:visible >> nth=0")
    there.is_out()

    # With a passkey nothing weaker is a proof.
    device.give(ada.page)
    ada.begin("passkeys/new")
    ada.prove_by_code()
    ada.visitor.sees("Add a passkey")
    exam.look(ada.page, "passkey-add")
    ada.press("form[data-passkey=create] button.main")
    ada.is_told_saved()
    ada.open("data")
    exam.look(ada.page, "data")
    ada.begin("data/delete", at="data")
    expect(ada.find("button[value='send:EMAIL_CODE']")).to_have_count(0)
    ada.use_passkey()
    ada.visitor.sees("Your account is deleted")
    exam.look(ada.page, "deleted")
    ada.open()
    ada.is_out()

    assert not exam.faults, "\n".join(exam.faults)


def test_what_a_guest_ordered_is_in_his_history_once_he_has_an_account(exam_in: Examiner, member: Members) -> None:
    ada, exam = member(size=Size.PHONE, language="zh-hans"), exam_in("zh-hans")
    ada.visitor.put("night-shift-oolong")
    ada.visitor.go_to_checkout()
    order = urlsplit(ada.visitor.place()).path

    ada.sign_up()
    ada.press("a[href$='/account/orders']")
    ada.visitor.sees("My orders")
    exam.look(ada.page, "my-orders")
    ada.press(f"a[href$='/orders/{order.rpartition('/')[2]}']")
    # The account opens it, without the address that the guest was given.
    ada.visitor.sees("Waiting to be paid")

    assert ada.visitor.is_at(order)
    assert "access_token" not in ada.page.url
    assert not exam.faults, "\n".join(exam.faults)


def test_a_code_needs_no_script(member: Members) -> None:
    ada = member(size=Size.PHONE, language="zh-hans", script=False)

    ada.sign_up()
    ada.sign_out()
    ada.sign_in_by_code()
    ada.is_in()
    ada.begin("recovery-codes")
    ada.prove_by_code()
    ada.visitor.sees("It is you")
    ada.press("form[data-go-on] button.main")
    codes = ada.recovery_codes()
    ada.sign_out()

    assert len(set(codes)) == 10
