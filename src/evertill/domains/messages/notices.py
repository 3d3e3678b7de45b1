"""What an account's owner is told, by notice and language: pure functions of the facts."""

from __future__ import annotations

from collections.abc import Mapping

from evertill.domains.messages.types import Notice

_FALLBACK = "en"

# Subject, and what happened.
_Texts = Mapping[Notice, tuple[str, str]]

_ENGLISH: _Texts = {
    Notice.NEW_SIGN_IN: (
        "New sign-in to your account",
        "Somebody signed in to your account with {device}, from the network {place}, at {at}.",
    ),
    Notice.PASSWORD_CHANGED: (
        "Your password was changed",
        "The password of your account was set at {at}. All other sessions were ended.",
    ),
    Notice.PASSWORD_REMOVED: (
        "Your password was removed",
        "Your account has no password any more, since {at}. You sign in by a code or a passkey.",
    ),
    Notice.ADDRESS_ADDED: (
        "An address was added to your account",
        "{address} was added to your account at {at}. It can now be used to sign in.",
    ),
    Notice.ADDRESS_REMOVED: (
        "An address was removed from your account",
        "{address} was removed from your account at {at}. It can no longer be used to sign in.",
    ),
    Notice.TOTP_ADDED: (
        "An authenticator app was added to your account",
        "Since {at}, signing in to your account asks for a code of an authenticator app.",
    ),
    Notice.TOTP_REMOVED: (
        "The authenticator app was removed from your account",
        "Since {at}, your account has no authenticator app any more.",
    ),
    Notice.PASSKEY_ADDED: (
        "A passkey was added to your account",
        'The passkey "{name}" was added to your account at {at}, with {device}. It can be used to sign in.',
    ),
    Notice.PASSKEY_REMOVED: (
        "A passkey was removed from your account",
        'The passkey "{name}" was removed from your account at {at}, with {device}.',
    ),
    Notice.PASSKEY_SUSPECTED: (
        "One of your passkeys may have been copied",
        (
            'The passkey "{name}" was used at {at} with {device}, from the network {place}, and its counter tells that'
            " there may be a copy of it. It signs nobody in any more. Sign in another way, remove it, and add a new"
            " one."
        ),
    ),
    Notice.SMS_SECOND_ON: (
        "Signing in now takes an SMS code",
        "Since {at}, signing in to your account asks for a code by SMS as a second step.",
    ),
    Notice.SMS_SECOND_OFF: (
        "Signing in takes no SMS code any more",
        "Since {at}, signing in to your account does not ask for a code by SMS any more.",
    ),
    Notice.RECOVERY_CODES_MADE: (
        "New recovery codes for your account",
        "New recovery codes were made for your account at {at}. Earlier ones cannot be used any more.",
    ),
    Notice.RECOVERY_CODE_USED: (
        "A recovery code was used",
        "Somebody signed in to your account with a recovery code at {at}, with {device}. Codes that are left: {left}.",
    ),
    Notice.RECOVERY_ASKED: (
        "Somebody asks to recover your account",
        (
            "At {at} somebody who can read one of your addresses said that he lost his second step, with {device}, from"
            " the network {place}. If nobody objects, from {ready_at} on he can sign in without it; your password,"
            " passkeys, authenticator app and recovery codes are then removed.\n\nIf that was not you, cancel it here:"
            " {cancel}"
        ),
    ),
    Notice.RECOVERY_READY: (
        "Your account can be recovered now",
        (
            "The wait for the recovery of your account is over. Until {ends_at} you can finish it: sign in with a code"
            " that is sent to one of your addresses.\n\nIf you did not ask for it, cancel it here: {cancel}"
        ),
    ),
    Notice.RECOVERY_CANCELLED: (
        "The recovery of your account was cancelled",
        "The recovery of your account was cancelled at {at}. Everything stays as it was.",
    ),
    Notice.RECOVERY_DONE: (
        "Your account was recovered",
        (
            "Your account was recovered at {at}, with {device}. Its password and every second step were removed, and"
            " all sessions were ended. Set up a second step again."
        ),
    ),
    Notice.DATA_EXPORTED: (
        "Your data was exported",
        "Everything that this shop keeps of your account was downloaded as a file at {at}, with {device}.",
    ),
    Notice.ACCOUNT_DELETED: (
        "Your account was deleted",
        (
            "Your account was deleted at {at}. Your orders are kept as long as the law demands, without your name and"
            " addresses."
        ),
    ),
    Notice.STAFF_ADDED: (
        "You now work for the shop",
        (
            "Since {at}, your account is one of the shop's staff. Your sessions were ended; sign in again with your"
            " passkey or your authenticator app."
        ),
    ),
    Notice.STAFF_REMOVED: (
        "You no longer work for the shop",
        "Since {at}, your account is a customer's again. Your sessions were ended.",
    ),
}

_CHINESE: _Texts = {
    Notice.NEW_SIGN_IN: (
        "您的账户有新的登录",
        "有人于 {at} 使用 {device}，从网络 {place} 登录了您的账户。",
    ),
    Notice.PASSWORD_CHANGED: (
        "您的密码已更改",
        "您账户的密码已于 {at} 设置。其他登录均已退出。",
    ),
    Notice.PASSWORD_REMOVED: (
        "您的密码已移除",
        "自 {at} 起，您的账户不再有密码。请使用验证码或通行密钥登录。",
    ),
    Notice.ADDRESS_ADDED: (
        "您的账户新增了一个联系方式",
        "{address} 已于 {at} 添加到您的账户，现在可以用它登录。",
    ),
    Notice.ADDRESS_REMOVED: (
        "您的账户移除了一个联系方式",
        "{address} 已于 {at} 从您的账户移除，不能再用它登录。",
    ),
    Notice.TOTP_ADDED: (
        "您的账户添加了身份验证器",
        "自 {at} 起，登录您的账户需要身份验证器应用中的验证码。",
    ),
    Notice.TOTP_REMOVED: (
        "您的账户移除了身份验证器",
        "自 {at} 起，您的账户不再使用身份验证器应用。",
    ),
    Notice.PASSKEY_ADDED: (
        "您的账户添加了通行密钥",
        "您的账户已于 {at} 使用 {device} 添加了通行密钥“{name}”，可以用它登录。",
    ),
    Notice.PASSKEY_REMOVED: (
        "您的账户移除了通行密钥",
        "您的账户已于 {at} 使用 {device} 移除了通行密钥“{name}”。",
    ),
    Notice.PASSKEY_SUSPECTED: (
        "您的一个通行密钥可能已被复制",
        (
            "通行密钥“{name}”于 {at} 在 {device} 上使用，网络为 {place}，其计数器显示它可能存在副本。"
            "该通行密钥已不能再用于登录。请用其他方式登录，移除它并添加新的通行密钥。"
        ),
    ),
    Notice.SMS_SECOND_ON: (
        "登录现在需要短信验证码",
        "自 {at} 起，登录您的账户时，第二步需要短信验证码。",
    ),
    Notice.SMS_SECOND_OFF: (
        "登录不再需要短信验证码",
        "自 {at} 起，登录您的账户不再需要短信验证码。",
    ),
    Notice.RECOVERY_CODES_MADE: (
        "您的账户有新的恢复码",
        "您的账户已于 {at} 生成了新的恢复码，之前的恢复码不能再使用。",
    ),
    Notice.RECOVERY_CODE_USED: (
        "有一个恢复码被使用",
        "有人于 {at} 使用恢复码登录了您的账户，设备为 {device}。剩余恢复码：{left} 个。",
    ),
    Notice.RECOVERY_ASKED: (
        "有人申请恢复您的账户",
        (
            "{at}，有人通过您的一个联系方式申请恢复账户，称自己丢失了第二步验证，设备为 {device}，"
            "网络为 {place}。如果无人反对，自 {ready_at} 起对方无需第二步即可登录，届时您的密码、通行密钥、"
            "身份验证器和恢复码都会被移除。\n\n如果不是您本人操作，请在此取消：{cancel}"
        ),
    ),
    Notice.RECOVERY_READY: (
        "您的账户现在可以恢复",
        (
            "恢复账户的等待期已结束。您可以在 {ends_at} 之前完成恢复：请用发送到您联系方式的验证码登录。"
            "\n\n如果您没有申请恢复，请在此取消：{cancel}"
        ),
    ),
    Notice.RECOVERY_CANCELLED: (
        "账户恢复已取消",
        "您账户的恢复申请已于 {at} 取消，一切保持不变。",
    ),
    Notice.RECOVERY_DONE: (
        "您的账户已恢复",
        (
            "您的账户已于 {at} 恢复，设备为 {device}。密码和所有第二步验证均已移除，所有登录均已退出。"
            "请重新设置第二步验证。"
        ),
    ),
    Notice.DATA_EXPORTED: (
        "您的数据已导出",
        "本店保存的您账户的全部数据已于 {at} 以文件形式下载，设备为 {device}。",
    ),
    Notice.ACCOUNT_DELETED: (
        "您的账户已删除",
        "您的账户已于 {at} 删除。您的订单会按法律要求的期限保留，但不含您的姓名和联系方式。",
    ),
    Notice.STAFF_ADDED: (
        "您已成为店铺员工",
        "自 {at} 起，您的账户属于店铺员工。之前的登录均已退出，请用通行密钥或身份验证器重新登录。",
    ),
    Notice.STAFF_REMOVED: (
        "您不再是店铺员工",
        "自 {at} 起，您的账户恢复为顾客账户。之前的登录均已退出。",
    ),
}

_BY_LANGUAGE: Mapping[str, _Texts] = {"en": _ENGLISH, "zh-hans": _CHINESE}
# After these there is nothing that an owner could still do in his account.
_OVER = (Notice.ACCOUNT_DELETED,)

# Greeting, and what to do if it was somebody else.
_FRAMES: Mapping[str, tuple[str, str]] = {
    "en": (
        "Hello,",
        (
            "If that was you, there is nothing to do. If not, sign in, end the other sessions, look at how your account"
            " can be signed in to, and write to us."
        ),
    ),
    "zh-hans": (
        "您好：",
        "如果是您本人操作，无需处理。如果不是，请登录账户，退出其他登录，检查账户的登录方式，并与我们联系。",
    ),
}


def render_notice(*, language: str, facts: Mapping[str, str], shop: str) -> tuple[str, str]:
    """This function will return the subject and the text of a notice; `shop` is its address, and signs it.

    A language without texts gets English. Raises KeyError or ValueError for facts that it has no words for.
    """
    spoken = language if language in _BY_LANGUAGE else _FALLBACK
    notice = Notice(facts["notice"])
    subject, text = _BY_LANGUAGE[spoken][notice]
    words = {**facts, "cancel": shop.rstrip("/") + facts.get("cancel", "")}
    greeting, end = _FRAMES[spoken]
    parts = [greeting, text.format_map(words), *([] if notice in _OVER else [end]), shop]
    return subject, "\n\n".join(parts) + "\n"
