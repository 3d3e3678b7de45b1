"""What the pages say, in English and Simplified Chinese.

Not gettext: these are another company's pages, a few dozen sentences, and gettext's machinery belongs to the shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "zh-Hans"]

_EN = {
    "title": "Pay · Sandbox", "mode": "Test mode: no real money moves", "to_pay": "To pay", "order": "Order",
    "number": "Card number", "expiry": "Expiry", "expiry_hint": "MM / YY", "cvc": "Security code", "pay": "Pay {money}",
    "cards": "Test cards", "cards_hint": "Any expiry in the future and any three digits will do.",
    "use": "Use", "bad_number": "This is not one of the test cards below. Real cards are not taken here.",
    "bad_expiry": "This expiry is over or not a month and year, such as 12 / 34.",
    "bad_cvc": "The security code has three or four digits.",
    "kept": "Nothing was charged. Correct it and pay again.",
    "challenge_title": "Your bank asks", "challenge": "Is it you who pays {money}?",
    "challenge_hint": "A real bank would send a code to your phone here.", "approve": "Yes, it is me", "refuse": "No",
    "qr_title": "Scan to pay", "scan": "Pretend to scan and pay", "scan_fail": "Pretend that it fails",
    "scan_hint": "No app is needed: the button does what a phone would do.",
    "scan_slow": "Pretend that the bank takes its time",
    "paid": "Paid", "authorized": "Payment approved", "failed": "Not paid", "cancelled": "Payment cancelled",
    "processing": "Your bank is working on it",
    "paid_hint": "{money} was charged.", "authorized_hint": "The shop takes the money when it sends the goods.",
    "failed_hint": "Nothing was charged. Go back to the shop and choose another way to pay.",
    "cancelled_hint": "Nothing was charged. The shop has cancelled this payment.",
    "processing_hint": "You can go back to the shop; it will hear the outcome by itself.",
    "back": "Back to the shop", "missing": "This page does not exist",
    "missing_hint": "Nothing was charged. Go back to the shop and start the payment again.",
    "slip": "This did not work", "slip_hint": "Nothing was charged. Go back and try again.",
    "success": "Pays", "declined": "Is declined", "insufficient_funds": "Has too little money",
    "challenge_card": "The bank asks first (3-D Secure)", "processing_success": "Takes 2 s, then pays",
    "processing_failure": "Takes 2 s, then fails", "disputed": "Pays, and is disputed 2 s later",
    "partial": "Pays only half", "wrong_amount": "Pays a tenth too much", "wrong_currency": "Pays in another currency",
}  # fmt: skip
_ZH = {
    "title": "付款 · Sandbox", "mode": "测试模式：不会动用真实资金", "to_pay": "应付金额", "order": "订单",
    "number": "卡号", "expiry": "有效期", "expiry_hint": "月 / 年", "cvc": "安全码", "pay": "支付 {money}",
    "cards": "测试卡", "cards_hint": "有效期填未来任意月份，安全码填任意三位数字即可。",
    "use": "使用", "bad_number": "这不是下方列出的测试卡。此处不接受真实银行卡。",
    "bad_expiry": "有效期已过，或不是“月 / 年”的形式，例如 12 / 34。", "bad_cvc": "安全码为三位或四位数字。",
    "kept": "尚未扣款。请改正后重新支付。",
    "challenge_title": "银行验证", "challenge": "是您本人要支付 {money} 吗？",
    "challenge_hint": "真实的银行会在此时向您的手机发送验证码。", "approve": "是我本人", "refuse": "不是",
    "qr_title": "扫码支付", "scan": "模拟扫码并付款", "scan_fail": "模拟付款失败",
    "scan_hint": "无需任何应用：按下按钮就相当于用手机扫码。", "scan_slow": "模拟银行处理较慢",
    "paid": "已付款", "authorized": "付款已授权", "failed": "未付款", "cancelled": "付款已取消",
    "processing": "银行正在处理",
    "paid_hint": "已扣款 {money}。", "authorized_hint": "商店发货时才会扣款。",
    "failed_hint": "没有扣款。请返回商店，改用其他方式付款。",
    "cancelled_hint": "没有扣款。商店已取消这笔付款。", "processing_hint": "您可以先返回商店，商店会自动收到结果。",
    "back": "返回商店", "missing": "页面不存在", "missing_hint": "没有扣款。请返回商店重新发起付款。",
    "slip": "操作未成功", "slip_hint": "没有扣款。请返回重试。",
    "success": "付款成功", "declined": "被拒绝", "insufficient_funds": "余额不足",
    "challenge_card": "银行先行验证（3-D Secure）", "processing_success": "处理 2 秒后成功",
    "processing_failure": "处理 2 秒后失败", "disputed": "付款成功，2 秒后被拒付", "partial": "只付一半",
    "wrong_amount": "多付一成", "wrong_currency": "以其他币种付款",
}  # fmt: skip
TEXTS: Mapping[Language, Mapping[str, str]] = {"en": _EN, "zh-Hans": _ZH}


def language(accepted: str) -> Language:
    """This function will return the language of `Accept-Language` that comes first among ours; English otherwise."""
    best: tuple[float, Language] = (0.0, "en")
    for part in accepted[:200].lower().split(","):
        name, _, quality = part.partition(";")
        primary = name.strip().split("-")[0]
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if weight > best[0] and primary in {"en", "zh"}:
            best = (weight, "zh-Hans" if primary == "zh" else "en")
    return best[1]
