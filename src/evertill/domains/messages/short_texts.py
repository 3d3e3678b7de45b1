"""What an SMS says, by language and kind: pure functions of the facts. Every character costs.

The middle of each stands alone too, in at most 35 characters where it is Chinese: that is all that a gateway which
sends only approved templates lets anybody fill in.
"""

from __future__ import annotations

from collections.abc import Mapping

from evertill.domains.messages.types import Cause, Compensation, Kind, Notice
from evertill.kernel.money import Money

_FALLBACK = "en"

# Kind, cause, way of a compensation or notice → what happened.
_Texts = Mapping[str, str]

_ENGLISH: _Texts = {
    Kind.ORDER_PLACED: "we have placed your order {order} for you, not paid yet",
    Kind.ORDER_MADE: "we have placed order {order} for you as agreed, not paid yet",
    Kind.QUESTION_ASKED: "we have a question about your order {order}, see its page in our shop",
    Kind.ORDER_PAID: "your order {order} is paid",
    Kind.CODES_READY: "the codes of your order {order} are ready on its page",
    Kind.CLAIM_ANSWERED: "your claim {claim} is answered, see its page in our shop",
    Compensation.BALANCE: "for your claim {claim} we give you {amount}, see its page in our shop",
    Compensation.REFUND: "for your claim {claim} {amount} is on its way back to you",
    Cause.WHOLE: "order {order}: {amount} is on its way back to you",
    Cause.PART: "order {order}: {amount} is on its way back to you",
    Cause.UNDELIVERABLE: "order {order} cannot be delivered, {amount} is on its way back",
    Cause.LATE: "order {order} was paid too late, {amount} is on its way back",
    Cause.OVERPAID: "order {order} was overpaid, {amount} is on its way back",
    Cause.UNDERPAID: "order {order} was not paid in full, {amount} is on its way back",
    Cause.PAID_TWICE: "order {order} was paid twice, {amount} is on its way back",
    Cause.WRONG_CURRENCY: "order {order} was paid in a wrong currency, {amount} is on its way back",
    Notice.NEW_SIGN_IN: "new sign-in to your account",
    Notice.PASSWORD_CHANGED: "your password was changed",
    Notice.PASSWORD_REMOVED: "your password was removed",
    Notice.ADDRESS_ADDED: "an address was added to your account",
    Notice.ADDRESS_REMOVED: "an address was removed from your account",
    Notice.TOTP_ADDED: "an authenticator app was added",
    Notice.TOTP_REMOVED: "your authenticator app was removed",
    Notice.PASSKEY_ADDED: "a passkey was added to your account",
    Notice.PASSKEY_REMOVED: "a passkey was removed",
    Notice.PASSKEY_SUSPECTED: "one of your passkeys may have been copied",
    Notice.SMS_SECOND_ON: "signing in now takes an SMS code",
    Notice.SMS_SECOND_OFF: "signing in takes no SMS code any more",
    Notice.RECOVERY_CODES_MADE: "new recovery codes were made",
    Notice.RECOVERY_CODE_USED: "a recovery code was used",
    Notice.RECOVERY_ASKED: "somebody asks to recover your account",
    Notice.RECOVERY_READY: "your account can be recovered now",
    Notice.RECOVERY_CANCELLED: "the recovery of your account was cancelled",
    Notice.RECOVERY_DONE: "your account was recovered",
    Notice.DATA_EXPORTED: "your data was exported",
    Notice.ACCOUNT_DELETED: "your account was deleted",
    Notice.STAFF_ADDED: "your account is staff's now",
    Notice.STAFF_REMOVED: "your account is a customer's again",
}

_CHINESE: _Texts = {
    Kind.ORDER_PLACED: "已为您下单 {order}，待付款",
    Kind.ORDER_MADE: "已按约定为您下单 {order}，待付款",
    Kind.QUESTION_ASKED: "订单 {order} 有一个问题待您答复",
    Kind.ORDER_PAID: "订单 {order} 已付款",
    Kind.CODES_READY: "订单 {order} 的兑换码已备好",
    Kind.CLAIM_ANSWERED: "申请 {claim} 已答复",
    Compensation.BALANCE: "{claim} 补偿 {amount}",
    Compensation.REFUND: "{claim} 退款 {amount}",
    Cause.WHOLE: "订单 {order} 退款 {amount}",
    Cause.PART: "订单 {order} 退款 {amount}",
    Cause.UNDELIVERABLE: "{order} 无法交付，退款{amount}",
    Cause.LATE: "{order} 付款过晚，退款{amount}",
    Cause.OVERPAID: "{order} 多付，退款{amount}",
    Cause.UNDERPAID: "{order} 未付足，退款{amount}",
    Cause.PAID_TWICE: "{order} 重复付款，退款{amount}",
    Cause.WRONG_CURRENCY: "{order} 币种不符，退款{amount}",
    Notice.NEW_SIGN_IN: "您的账户有新的登录",
    Notice.PASSWORD_CHANGED: "您的密码已更改",
    Notice.PASSWORD_REMOVED: "您的密码已移除",
    Notice.ADDRESS_ADDED: "您的账户新增了联系方式",
    Notice.ADDRESS_REMOVED: "您的账户移除了联系方式",
    Notice.TOTP_ADDED: "您的账户添加了身份验证器",
    Notice.TOTP_REMOVED: "您的账户移除了身份验证器",
    Notice.PASSKEY_ADDED: "您的账户添加了通行密钥",
    Notice.PASSKEY_REMOVED: "您的账户移除了通行密钥",
    Notice.PASSKEY_SUSPECTED: "您的一个通行密钥可能已被复制",
    Notice.SMS_SECOND_ON: "登录现在需要短信验证码",
    Notice.SMS_SECOND_OFF: "登录不再需要短信验证码",
    Notice.RECOVERY_CODES_MADE: "您的账户生成了新的恢复码",
    Notice.RECOVERY_CODE_USED: "有一个恢复码被使用",
    Notice.RECOVERY_ASKED: "有人申请恢复您的账户",
    Notice.RECOVERY_READY: "您的账户现在可以恢复",
    Notice.RECOVERY_CANCELLED: "账户恢复已取消",
    Notice.RECOVERY_DONE: "您的账户已恢复",
    Notice.DATA_EXPORTED: "您的数据已导出",
    Notice.ACCOUNT_DELETED: "您的账户已删除",
    Notice.STAFF_ADDED: "您的账户已成为店铺员工账户",
    Notice.STAFF_REMOVED: "您的账户已恢复为顾客账户",
}

_BY_LANGUAGE: Mapping[str, _Texts] = {"en": _ENGLISH, "zh-hans": _CHINESE}
# Around what happened; behind that of an account; behind one whose owner can cancel it.
_FRAMES: Mapping[str, tuple[str, str, str]] = {
    "en": ("{shop}: {what}.", " Not you? Sign in and check your account.", " Not you? Cancel it: {cancel}"),
    "zh-hans": ("{shop}：{what}。", "如非本人操作，请登录账户检查。", "如非本人操作，请取消：{cancel}"),
}
_OVER = (Notice.ACCOUNT_DELETED,)


def render_sms(*, kind: str, language: str, facts: Mapping[str, str], shop: str, address: str) -> tuple[str, str]:
    """This function will return the text of an SMS, and its middle alone; `address` is where the shop is found.

    A language without texts gets English. Raises KeyError or ValueError for a kind or facts that it has no words for.
    """
    spoken = language if language in _BY_LANGUAGE else _FALLBACK
    frame, check, cancel = _FRAMES[spoken]
    if kind == Kind.ACCOUNT_NOTICE:
        notice = Notice(facts["notice"])
        what = _BY_LANGUAGE[spoken][notice]
        link = facts.get("cancel", "")
        end = cancel.format(cancel=address.rstrip("/") + link) if link else check
        return frame.format(shop=shop, what=what) + ("" if notice in _OVER else end), what
    what = _BY_LANGUAGE[spoken][told_as(kind, facts)].format_map(words_of(facts))
    return frame.format(shop=shop, what=what), what


def told_as(kind: str, facts: Mapping[str, str]) -> str:
    """This function will return under what its texts stand: a refund's under its cause, a compensation's its way."""
    if kind == Kind.REFUNDED:
        return Cause(facts["cause"])
    return Compensation(facts["way"]) if kind == Kind.COMPENSATED else kind


def words_of(facts: Mapping[str, str]) -> dict[str, str]:
    """This function will return what fills a text in; a text that wants what the facts have not has no words."""
    words = {name: facts[name] for name in ("order", "claim", "hours") if name in facts}
    if "amount" in facts:
        words["amount"] = str(Money(amount=int(facts["amount"]), currency=facts["currency"]))
    return words
