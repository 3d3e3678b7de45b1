"""SMS by Aliyun (Dysmsapi 2017-05-25, SendSms), signed by ACS3-HMAC-SHA256 as its documents describe.

What is sent is one of its templates, which were approved before; we give it the values alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

from evertill.domains.messages import Letter, LetterPostponed, LetterRefused, SenderUnavailable, SendingUnclear
from evertill.kernel import clock
from evertill.kernel.clock import Clock
from evertill.kernel.config import Config
from evertill.kernel.errors import ConfigError
from evertill.kernel.settings import variable
from evertill.outside.caller import Caller
from evertill.outside.keys import read_secrets
from evertill.outside.sms_sender import exchange, read_answer

_ALGORITHM = "ACS3-HMAC-SHA256"
_ACTION, _VERSION = "SendSms", "2017-05-25"
_KEY_LINES = 2
_NONCE_BYTES = 16
_CHINA = "+86"
_LIKE_CHINESE = re.compile(r"1[3-9]\d{9}")
_OK = "OK"
# What it says about one number, for good and for now. Anything else is about us: key, signature, template, money.
_NUMBER_REFUSED = {
    "isv.MOBILE_NUMBER_ILLEGAL",
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
    "isv.DENY_IP_RANGE",
}
_NUMBER_LIMITED = {"isv.BUSINESS_LIMIT_CONTROL"}
# What it says about what this SMS is to say.
_VALUES_REFUSED = {"isv.PARAM_LENGTH_LIMIT", "isv.PARAM_NOT_SUPPORT_URL"}
# It does not know itself.
_UNCLEAR = {"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR"}


class AliyunSms:
    """Aliyun's SMS service."""

    is_for_china = True

    def __init__(
        self,
        *,
        settings: Config,
        clock: Clock = clock.now,
        randbytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        lines = read_secrets(settings, "aliyun_sms_key_file", most=_KEY_LINES)
        if len(lines) != _KEY_LINES:
            raise ConfigError(f"{variable('aliyun_sms_key_file')}: the file takes two lines, the id and the secret.")
        self._key_id, self._secret = lines
        if not settings.aliyun_sms_code_template:
            raise ConfigError(f"{variable('aliyun_sms_code_template')} is not set.")
        self._templates = {
            "code": settings.aliyun_sms_code_template,
            "notice": settings.aliyun_sms_notice_template,
            "order": settings.aliyun_sms_order_template,
        }
        self._sign_name = settings.aliyun_sms_sign_name
        self._host = urlsplit(settings.aliyun_sms_url).netloc
        self._clock, self._randbytes = clock, randbytes
        self._caller = Caller(name="Aliyun SMS", url=settings.aliyun_sms_url, settings=settings)

    def post(self, letter: Letter) -> None:
        """This function will send one SMS; raises LetterRefused, LetterPostponed or SenderUnavailable."""
        template = self._templates.get(letter.form)
        if not template:
            raise LetterRefused("There is no template of Aliyun for this message.")
        query = canonical_query(
            {
                "PhoneNumbers": _number(letter.to),
                "SignName": self._sign_name,
                "TemplateCode": template,
                "TemplateParam": json.dumps(dict(letter.values), ensure_ascii=False),
                "OutId": letter.reference,
            }
        )
        headers = signed_headers(
            host=self._host,
            action=_ACTION,
            version=_VERSION,
            query=query,
            key_id=self._key_id,
            secret=self._secret,
            now=self._clock(),
            nonce=self._randbytes(_NONCE_BYTES).hex(),
        )
        answer = exchange(self._caller, f"/?{query}", headers=headers)
        _judge(str(read_answer(answer, name="Aliyun SMS").get("Code", "")), status=answer.status)

    def close(self) -> None:
        """This function will close the connections."""
        self._caller.close()


def canonical_query(parameters: Mapping[str, str]) -> str:
    """This function will write parameters as they are signed and as they go out: by name, RFC 3986, nothing else."""
    return "&".join(f"{quote(name, safe='~')}={quote(parameters[name], safe='~')}" for name in sorted(parameters))


def signed_headers(
    *, host: str, action: str, version: str, query: str, key_id: str, secret: str, now: dt.datetime, nonce: str
) -> dict[str, str]:
    """This function will return the headers of a call without a body, the signature among them."""
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": nothing,
        "x-acs-date": now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{nothing}"
    to_sign = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return {**headers, "Authorization": f"{_ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"}


def _number(address: str) -> str:
    # Numbers in China without anything in front, all others with their calling code and without the plus.
    if address.startswith(_CHINA):
        return address.removeprefix(_CHINA)
    number = address.removeprefix("+")
    if _LIKE_CHINESE.fullmatch(number):
        # Some of North America's: a stranger in China would get the code.
        raise LetterRefused("Aliyun cannot tell this number from one in China.")
    return number


def _judge(code: str, *, status: int) -> None:
    if code == _OK:
        return
    if code in _NUMBER_REFUSED:
        raise LetterRefused(f"Aliyun refuses this number: {code}.")
    if code in _VALUES_REFUSED:
        raise LetterRefused(f"Aliyun refuses what is to be sent: {code}.")
    if code in _NUMBER_LIMITED:
        raise LetterPostponed(f"Aliyun sends no more to this number for now: {code}.")
    if code in _UNCLEAR or not code:
        raise SendingUnclear(f"Aliyun SMS does not say whether it has sent: {code[:60] or status}.")
    raise SenderUnavailable(f"Aliyun SMS does not send for us: {code[:60]}.")
