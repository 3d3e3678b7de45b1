"""Messages: what customers are told, written down with what it tells of, and sent afterwards, once each.

What a message says is made from a few facts when it is sent. This domain sends nothing itself: a sender comes from
outside and is registered when a process starts.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.messages.operations import (
        MessageNotUndeliverable,
        ask_to_write,
        claim,
        end_too_old,
        finish,
        postpone,
        put_back,
        remove,
        remove_of_account,
        remove_old,
        retry,
        write,
    )
    from evertill.domains.messages.queries import find, find_all, read_of_account, read_open, read_waiting_since
    from evertill.domains.messages.senders import (
        LetterPostponed,
        LetterRefused,
        Post,
        Sender,
        SenderUnavailable,
        SendingUnclear,
        register,
        sender,
        sender_or_stand_in,
    )
    from evertill.domains.messages.texts import render, render_code, render_sms
    from evertill.domains.messages.types import (
        Cause,
        Channel,
        Compensation,
        Kind,
        Letter,
        Message,
        NewMessage,
        Notice,
        State,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "Cause",
    "Channel",
    "Compensation",
    "Kind",
    "Letter",
    "LetterPostponed",
    "LetterRefused",
    "Message",
    "MessageNotUndeliverable",
    "NewMessage",
    "Notice",
    "Post",
    "Sender",
    "SenderUnavailable",
    "SendingUnclear",
    "State",
    "ask_to_write",
    "claim",
    "end_too_old",
    "find",
    "find_all",
    "finish",
    "postpone",
    "put_back",
    "read_of_account",
    "read_open",
    "read_waiting_since",
    "register",
    "remove",
    "remove_of_account",
    "remove_old",
    "render",
    "render_code",
    "render_sms",
    "retry",
    "sender",
    "sender_or_stand_in",
    "write",
]
