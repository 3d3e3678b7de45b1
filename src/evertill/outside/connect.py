"""Connects a process with those it may reach; to be called once, when it starts."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import structlog

from evertill.domains import messages, payments, recovery
from evertill.domains.messages import Channel
from evertill.kernel import config
from evertill.kernel.config import Config
from evertill.kernel.errors import ConfigError
from evertill.outside.alipay_provider import AlipayProvider
from evertill.outside.aliyun_sms import AliyunSms
from evertill.outside.file_sender import FileSender
from evertill.outside.keys import read_secrets
from evertill.outside.offline_provider import OfflineProvider
from evertill.outside.open_target import open_target
from evertill.outside.own_books import BalanceProvider
from evertill.outside.sandbox_provider import SandboxProvider
from evertill.outside.sms_sender import Gateway, SmsSender
from evertill.outside.smtp_sender import SmtpSender
from evertill.outside.twilio_sms import TwilioSms
from evertill.outside.wechat_provider import WechatProvider

_log = structlog.get_logger("evertill.payments")


class _Closable(Protocol):
    def close(self) -> None: ...


class _Closing(payments.Provider, _Closable, Protocol):
    """A payment provider that has connections to close."""


T = TypeVar("T", bound=_Closable)

# Secrets that are known at a time while one replaces another.
_ROLLED_MAX = 4


def connect() -> None:
    """This function will register the providers, senders and target that are set up. It calls none of them."""
    settings = config.get()
    payments.register(*_providers(settings))
    senders = dict(_senders(settings))
    # Only where nothing is set up at all: somebody tries the shop out. A shop that sends mail but no SMS says so,
    # instead of letting people wait for an SMS that lies in a file.
    is_set_up = settings.smtp_url or settings.aliyun_sms_sign_name or settings.twilio_account_sid
    stand_ins = {} if is_set_up else {channel: FileSender(channel=channel, settings=settings) for channel in Channel}
    messages.register(senders, stand_ins=stand_ins)
    recovery.register((lambda: target_of(settings)) if settings.backup_target else None)


def target_of(settings: Config) -> recovery.Target:
    """This function will return the target of backups that is set up; raises ConfigError."""
    return open_target(settings.backup_target, folder=settings.data, timeout_s=settings.backup_timeout_ms / 1000)


def _senders(settings: Config) -> Iterator[tuple[Channel, messages.Sender]]:
    if settings.smtp_url:
        yield Channel.EMAIL, SmtpSender(settings=settings)
    gateways = list(_gateways(settings))
    if gateways:
        yield Channel.SMS, SmsSender(gateways=gateways, settings=settings)


def _gateways(settings: Config) -> Iterator[Gateway]:
    if settings.aliyun_sms_sign_name:
        yield from _made(lambda: AliyunSms(settings=settings), name="aliyun-sms", what="SMS gateway")
    if settings.twilio_account_sid:
        yield from _made(lambda: TwilioSms(settings=settings), name="twilio", what="SMS gateway")


def _providers(settings: Config) -> Iterator[payments.Provider]:
    yield BalanceProvider()
    if settings.sandbox_url:
        sandbox = SandboxProvider(
            url=settings.sandbox_url, keys=settings.data / settings.sandbox_keys, settings=settings
        )
        atexit.register(sandbox.close)
        yield sandbox
    if settings.stripe_secret_key_file:
        yield from _made(lambda: _stripe(settings), name="stripe")
    if settings.transfer_instructions:
        yield from _made(lambda: _by_hand(settings, "transfer"), name="transfer")
    if settings.cash_instructions:
        yield from _made(lambda: _by_hand(settings, "cash"), name="cash")
    if settings.alipay_app_id:
        yield from _made(lambda: AlipayProvider(settings=settings), name="alipay")
    if settings.wechat_merchant_id:
        yield from _made(lambda: WechatProvider(settings=settings), name="wechat")


def _made(make: Callable[[], T], *, name: str, what: str = "payment method") -> Iterator[T]:
    """The provider; none when its settings or keys cannot be used: the shop opens all the same, without it."""
    try:
        made = make()
    except ConfigError as error:
        _log.error(f"{what} is not there", provider=name, why=error.detail)
        return
    atexit.register(made.close)
    yield made


def _by_hand(settings: Config, name: str) -> _Closing:
    texts = {"transfer": settings.transfer_instructions, "cash": settings.cash_instructions}
    hours = {"transfer": settings.transfer_patience_h, "cash": settings.cash_patience_h}
    return OfflineProvider(name=name, instructions=texts[name], patience_s=hours[name] * 3600)


def _stripe(settings: Config) -> _Closing:
    # Here, because the SDK takes 15 MB of memory, and most shops have no use for it.
    from evertill.outside.stripe_provider import StripeProvider  # noqa: PLC0415

    (key,) = read_secrets(settings, "stripe_secret_key_file", most=1)
    webhook_secrets = read_secrets(settings, "stripe_webhook_secrets_file", most=_ROLLED_MAX)
    return StripeProvider(url=settings.stripe_url, key=key, webhook_secrets=webhook_secrets, settings=settings)
