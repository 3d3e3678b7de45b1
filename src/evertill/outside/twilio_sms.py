"""SMS by Twilio (Messages, 2010-04-01). It answers when it has queued an SMS; what becomes of that is not followed."""

from __future__ import annotations

import base64
from urllib.parse import quote, urlencode

from evertill.domains.messages import Letter, LetterRefused, SenderUnavailable, SendingUnclear
from evertill.kernel.config import Config
from evertill.kernel.errors import ConfigError
from evertill.kernel.settings import variable
from evertill.outside.caller import Caller
from evertill.outside.keys import read_secrets
from evertill.outside.sms_sender import exchange, read_answer

_KEY_LINES = 2
_SERVICE = "MG"
_CREATED = 201
_FAILED = {"failed", "undelivered", "canceled"}
# What it says about one number; anything else is about us. https://www.twilio.com/docs/api/errors
_NUMBER_REFUSED = {
    21211,  # no number
    21214,  # cannot be reached
    21217,  # as 21211
    21265,  # a short code
    21408,  # a country that this account does not send to
    21610,  # has unsubscribed
    21612,  # not from this sender
    21614,  # no mobile number
    21635,  # a landline
}


class TwilioSms:
    """Twilio's messages."""

    is_for_china = False

    def __init__(self, *, settings: Config) -> None:
        account = settings.twilio_account_sid
        lines = read_secrets(settings, "twilio_key_file", most=_KEY_LINES)
        if not lines:
            raise ConfigError(f"{variable('twilio_key_file')} is not set.")
        if not settings.twilio_from:
            raise ConfigError(f"{variable('twilio_from')} is not set.")
        user, secret = lines if len(lines) == _KEY_LINES else (account, lines[0])
        self._authorization = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
        is_service = settings.twilio_from.startswith(_SERVICE)
        self._sender = {"MessagingServiceSid" if is_service else "From": settings.twilio_from}
        self._path = f"/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        self._caller = Caller(name="Twilio", url=settings.twilio_url, settings=settings)

    def post(self, letter: Letter) -> None:
        """This function will send one SMS; raises LetterRefused or SenderUnavailable."""
        headers = {
            "Authorization": self._authorization,
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        form = urlencode({"To": letter.to, **self._sender, "Body": letter.body})
        answer = exchange(self._caller, self._path, headers=headers, content=form.encode())
        told = read_answer(answer, name="Twilio")
        if answer.status == _CREATED:
            if not told.get("sid") or told.get("status") in _FAILED:
                raise SendingUnclear("Twilio has made no message of it.")
            return
        code = told.get("code")
        if code in _NUMBER_REFUSED:
            raise LetterRefused(f"Twilio refuses this number: {code}.")
        raise SenderUnavailable(f"Twilio does not send for us: {str(code)[:20]}, status {answer.status}.")

    def close(self) -> None:
        """This function will close the connections."""
        self._caller.close()
