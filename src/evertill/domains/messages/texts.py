"""What messages say, by language and kind, as pure functions of their facts."""

from __future__ import annotations

from collections.abc import Mapping

from evertill.domains.messages.notices import render_notice
from evertill.domains.messages.short_texts import render_sms, told_as, words_of
from evertill.domains.messages.types import Cause, Compensation, Kind

__all__ = ["render", "render_code", "render_sms"]

_FALLBACK = "en"

# Language → kind, cause of a refund, or way of a compensation → subject and text.
_Texts = Mapping[str, tuple[str, str]]

_ENGLISH: _Texts = {
    Kind.ORDER_PLACED: (
        "Order {order}: we have placed it for you",
        (
            "When you tried to order, our shop failed. We are sorry. We have placed your order for you now: {order},"
            " for {amount}. Nothing is paid yet, and we keep the goods for you for {hours} hours. To pay or to cancel,"
            ' open "Find your order" in our shop.'
        ),
    ),
    Kind.ORDER_MADE: (
        "Order {order}: we have placed it for you",
        (
            "As you agreed with us, we have placed an order for you: {order}, for {amount}. Nothing is paid yet, and we"
            ' keep the goods for you for {hours} hours. To pay or to cancel, open "Find your order" in our shop. If you'
            " have not agreed to this, do nothing: the order ends by itself. Please tell us then."
        ),
    ),
    Kind.QUESTION_ASKED: (
        "Order {order}: we have a question",
        (
            "We look at your order {order} before its goods leave us, and have a question about it. To read and answer"
            ' it, open "Find your order" in our shop, or your account if you have one. We never ask for passwords,'
            " codes or card numbers."
        ),
    ),
    Kind.ORDER_PAID: (
        "Order {order} is paid",
        "We have received {amount} for your order {order}. Thank you: it is paid.",
    ),
    Kind.CLAIM_ANSWERED: (
        "Your claim {claim} is answered",
        (
            "You told us that something is missing, and we have answered your claim {claim}. To read the answer, open"
            " the claim's page in our shop, at the address that you were given when you filed it. If you have not filed"
            " a claim with us, somebody has typed your address, perhaps by mistake; you need not do anything."
        ),
    ),
    Compensation.BALANCE: (
        "Your claim {claim}: we give you {amount}",
        (
            "Something went wrong, and we are sorry. We give you {amount}, to pay with in our shop. You find it on the"
            " page of your claim {claim}, at the address that you were given when you filed it."
        ),
    ),
    Compensation.REFUND: (
        "Your claim {claim}: {amount} is on its way back",
        (
            "Something went wrong, and we are sorry. For your claim {claim} we give back {amount} of what you paid, the"
            " way you paid it."
        ),
    ),
    Kind.CODES_READY: (
        "Order {order}: your codes are ready",
        (
            'The codes that you bought with your order {order} are ready. To see them, open "Find your order" in our'
            " shop. We never send codes by message."
        ),
    ),
    Cause.WHOLE: (
        "Order {order}: your money is on its way back",
        "We have given back all that was left of what you paid for your order {order}: {amount}.",
    ),
    Cause.PART: (
        "Order {order}: a part of your money is on its way back",
        "We have given back {amount} of what you paid for your order {order}.",
    ),
    Cause.UNDELIVERABLE: (
        "Order {order} cannot be delivered; your money is on its way back",
        (
            "We are sorry: we cannot deliver your order {order}. We have given back {amount}, all that was left of what"
            " you paid for it."
        ),
    ),
    Cause.LATE: (
        "Order {order}: your payment came too late and is on its way back",
        (
            "Your payment for the order {order} came after the order had ended, and its goods were not there any more."
            " We have given back all of it: {amount}. You are welcome to order again."
        ),
    ),
    Cause.OVERPAID: (
        "Order {order}: what you paid too much is on its way back",
        "You paid {amount} more than your order {order} costs. We have given that back. The order itself is paid.",
    ),
    Cause.UNDERPAID: (
        "Order {order}: your payment was too little and is on its way back",
        (
            "Your payment for the order {order} was less than it costs, so the order is not paid by it. We have given"
            " back all of it: {amount}."
        ),
    ),
    Cause.PAID_TWICE: (
        "Order {order} was paid twice; one payment is on its way back",
        "Your order {order} was paid already when another payment came. We have given that one back: {amount}.",
    ),
    Cause.WRONG_CURRENCY: (
        "Order {order}: your payment was in another currency and is on its way back",
        (
            "Your payment for the order {order} came in another currency than the order's, so the order is not paid by"
            " it. We have given back all of it: {amount}."
        ),
    ),
}

_CHINESE: _Texts = {
    Kind.ORDER_PLACED: (
        "订单 {order}：我们已为您下单",
        (
            "您下单时我们的店铺出了故障，非常抱歉。我们现已为您完成下单：订单 {order}，金额 {amount}。您尚未付款，"
            "商品将为您保留 {hours} 小时。如需付款或取消，请打开店铺的“查找订单”页面。"
        ),
    ),
    Kind.ORDER_MADE: (
        "订单 {order}：我们已为您下单",
        (
            "按照与您的约定，我们已为您下单：订单 {order}，金额 {amount}。您尚未付款，商品将为您保留 {hours} 小时。"
            "如需付款或取消，请打开店铺的“查找订单”页面。如果您并未同意，请不必理会，订单会自动结束，并请告知我们。"
        ),
    ),
    Kind.QUESTION_ASKED: (
        "订单 {order}：我们有一个问题",
        (
            "在发出商品之前，我们正在核对您的订单 {order}，并有一个问题想请教您。请打开店铺的“查找订单”页面，"
            "或登录您的账户查看并回答。我们从不索要密码、验证码或银行卡号。"
        ),
    ),
    Kind.ORDER_PAID: (
        "订单 {order} 已付款",
        "我们已收到您为订单 {order} 支付的 {amount}。谢谢，订单已付清。",
    ),
    Kind.CLAIM_ANSWERED: (
        "您的申请 {claim} 已答复",
        (
            "您曾告诉我们有东西缺失，我们已答复您的申请 {claim}。请通过提交申请时得到的网址打开店铺的申请页面，"
            "查看答复。如果您没有提交过申请，可能是有人误填了您的地址，您无需做任何事。"
        ),
    ),
    Compensation.BALANCE: (
        "您的申请 {claim}：我们补偿您 {amount}",
        (
            "出了差错，我们非常抱歉。我们补偿您 {amount}，可在本店付款时使用。请通过提交申请时得到的网址"
            "打开申请 {claim} 的页面查看。"
        ),
    ),
    Compensation.REFUND: (
        "您的申请 {claim}：{amount} 正在退回",
        "出了差错，我们非常抱歉。就您的申请 {claim}，我们将您所付款项中的 {amount} 按原付款方式退回。",
    ),
    Kind.CODES_READY: (
        "订单 {order}：您的兑换码已备好",
        "您在订单 {order} 中购买的兑换码已备好。请打开店铺的“查找订单”页面查看。我们从不通过消息发送兑换码。",
    ),
    Cause.WHOLE: (
        "订单 {order}：款项正在退回",
        "我们已退还您为订单 {order} 支付的全部余款：{amount}。",
    ),
    Cause.PART: (
        "订单 {order}：部分款项正在退回",
        "我们已退还您为订单 {order} 支付的部分款项：{amount}。",
    ),
    Cause.UNDELIVERABLE: (
        "订单 {order} 无法交付，款项正在退回",
        "非常抱歉，我们无法交付您的订单 {order}。您为该订单支付的余款已全部退还：{amount}。",
    ),
    Cause.LATE: (
        "订单 {order}：付款到得太晚，正在退回",
        "您为订单 {order} 支付的款项到达时，订单已经结束，商品也已售出。我们已全额退还：{amount}。欢迎您重新下单。",
    ),
    Cause.OVERPAID: (
        "订单 {order}：多付的款项正在退回",
        "您比订单 {order} 的金额多付了 {amount}，多付部分已退还。订单已付清。",
    ),
    Cause.UNDERPAID: (
        "订单 {order}：付款金额不足，正在退回",
        "您为订单 {order} 支付的金额不足，订单因此尚未付款。我们已全额退还：{amount}。",
    ),
    Cause.PAID_TWICE: (
        "订单 {order} 被重复付款，其中一笔正在退回",
        "您的订单 {order} 此前已付款，我们又收到了另一笔付款，现已将后者退还：{amount}。",
    ),
    Cause.WRONG_CURRENCY: (
        "订单 {order}：付款币种不符，正在退回",
        "您为订单 {order} 支付的币种与订单不同，订单因此尚未付款。我们已全额退还：{amount}。",
    ),
}

_BY_LANGUAGE: Mapping[str, _Texts] = {"en": _ENGLISH, "zh-hans": _CHINESE}

# Greeting, what follows a refund, and the end, also of what is about a claim.
_FRAMES: Mapping[str, tuple[str, str, str, str]] = {
    "en": (
        "Hello,",
        "It can take some days until your bank or payment provider shows the money.",
        "Please keep the order number; we will ask you for it if you write to us.",
        (
            "Please keep the claim's number; we will ask you for it if you write to us. We never ask for passwords,"
            " codes or card numbers."
        ),
    ),
    "zh-hans": (
        "您好：",
        "款项到账可能需要几天时间，以您的银行或支付平台为准。",
        "请保存好订单号，与我们联系时请提供该号码。",
        "请保存好申请编号，与我们联系时请提供该编号。我们从不索要密码、验证码或银行卡号。",
    ),
}


def render(*, kind: str, language: str, facts: Mapping[str, str], shop: str) -> tuple[str, str]:
    """This function will return the subject and the text of a message; `shop` signs it.

    A language without texts gets English. Raises KeyError or ValueError for a kind or facts that it has no words for.
    """
    if kind == Kind.ACCOUNT_NOTICE:
        return render_notice(language=language, facts=facts, shop=shop)
    spoken = language if language in _BY_LANGUAGE else _FALLBACK
    told = told_as(kind, facts)
    subject, text = _BY_LANGUAGE[spoken][told]
    words = words_of(facts)
    greeting, delay, end, end_of_claim = _FRAMES[spoken]
    waits = [delay] if kind == Kind.REFUNDED or told == Compensation.REFUND else []
    is_claim = kind in (Kind.CLAIM_ANSWERED, Kind.COMPENSATED)
    parts = [greeting, text.format_map(words), *waits, end_of_claim if is_claim else end, shop]
    return subject.format_map(words), "\n\n".join(parts) + "\n"


# What a code is for, by the first part of its purpose. Who reads it can tell whether it is for what he is doing.
_PURPOSES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "sign-in": "to sign in at {shop}",
        "second-step": "to sign in at {shop}",
        "step-up": "to confirm what you are doing at {shop}",
        "add-address": "to add this address to your account at {shop}",
        "claim-orders": "to find your orders at {shop}",
        "claim": "to see what was found for your claim at {shop}",
    },
    "zh-hans": {
        "sign-in": "登录 {shop}",
        "second-step": "登录 {shop}",
        "step-up": "在 {shop} 确认您正在进行的操作",
        "add-address": "将此地址添加到您在 {shop} 的账户",
        "claim-orders": "在 {shop} 查找您的订单",
        "claim": "在 {shop} 查看您的申请结果",
    },
}
_ANY_PURPOSE: Mapping[str, str] = {"en": "for {shop}", "zh-hans": "在 {shop} 的操作"}

# Subject and text of a letter, and the text of an SMS, of which every character costs.
_CODES: Mapping[str, tuple[str, str, str]] = {
    "en": (
        "Your code for {shop}",
        (
            "Hello,\n\nthis is your code {purpose}:\n\n    {code}\n\nIt can be used once, for {minutes} minutes. Type"
            " it only into the page on which you asked for it. Nobody from the shop will ever ask you for it.\n\nIf you"
            " did not ask for it, somebody has typed your address, perhaps by mistake. Nothing happens without the"
            " code.\n\n{shop}\n"
        ),
        "{code} is your code {purpose}. Valid for {minutes} minutes. Tell it to nobody, not to the shop either.",
    ),
    "zh-hans": (
        "您在 {shop} 的验证码",
        (
            "您好：\n\n您用于{purpose}的验证码是：\n\n    {code}\n\n验证码只能使用一次，{minutes} 分钟内有效。请只在您"
            "申请验证码的页面上输入。店铺的任何人都不会向您索要验证码。\n\n如果您没有申请验证码，可能是有人误填了您的地址。"
            "没有验证码，什么都不会发生。\n\n{shop}\n"
        ),
        "{code}，用于{purpose}，{minutes} 分钟内有效。请勿告诉任何人，包括店铺。",
    ),
}


def render_code(*, purpose: str, language: str, code: str, minutes: int, shop: str) -> tuple[str, str, str]:
    """This function will return the subject and text of a letter with a one-time code, and the text of an SMS.

    A purpose without words of its own, by what stands before its colon, gets general ones; a language without texts,
    English. The subject never shows the code: it stands in notices on locked screens, and in the logs of mail servers.
    """
    spoken = language if language in _CODES else _FALLBACK
    what = _PURPOSES[spoken].get(purpose.partition(":")[0], _ANY_PURPOSE[spoken]).format(shop=shop)
    words = {"purpose": what, "code": code, "minutes": minutes, "shop": shop}
    subject, letter, sms = (text.format_map(words) for text in _CODES[spoken])
    return subject, letter, sms
