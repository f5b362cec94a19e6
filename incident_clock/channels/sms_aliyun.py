"""The gateway `aliyun` of the channel sms: filed templates by Aliyun's SMS API, and what became of them."""

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from incident_clock.channels.aliyun_codes import GATEWAY, OK, WRITABLE_CODE, code_of, refusal, report_of
from incident_clock.channels.aliyun_signing import call
from incident_clock.channels.base import Channel, ChannelError, ChannelSettings, Letter, Receipt, Report
from incident_clock.channels.http_post import TIMEOUT_S, Answer, is_loopback_url, refused_by_status, url_complaint
from incident_clock.clock import Clock, SystemClock

ENDPOINT = "https://dysmsapi.aliyuncs.com"
MOBILE = re.compile(r"\+86(1[3-9][0-9]{9})")
TEMPLATE_CODE = re.compile(r"SMS_[0-9]{1,20}")
BIZ_ID = re.compile(r"[0-9A-Za-z^_-]{1,64}")
SIGNATURE_BRACKETS = "【】"  # the gateway adds them
MOST_FILE_BYTES = 64 * 1024

RECEIPT_WITHIN = timedelta(seconds=60)
LOOKED_THROUGH = 50  # SMS to one number of a day: its quota
REMEMBERED = 5000  # letters that can be asked about, some 1 MB
THEIR_DAYS = timezone(timedelta(hours=8))  # it looks up by number and day
TAKES_OVER_WITHIN = timedelta(minutes=2)  # so a letter of 23:59 may be of the next day


@dataclass(frozen=True, slots=True)
class Sent:
    """What it wants to know to say what became of an SMS: its own id is not enough."""

    mobile: str = field(repr=False)
    sent_at: datetime
    tracking: str
    biz_id: str = ""


class AliyunGateway(Channel):
    """Sends what is filed under the codes of the file INCIDENT_CLOCK_SMS_TEMPLATES, read once; `tracking` goes along.

    Nobody answers on it: what Aliyun pushes of answers is unsigned and not taken (`aliyun_callbacks.py`).
    It looks up what this process has sent: after a restart only `find` knows the number again. The time is asked
    here because a signature holds for a quarter of an hour only, and a look-up has no letter to take it from.
    """

    name = GATEWAY
    receipt_within = RECEIPT_WITHIN

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = TIMEOUT_S, clock: Clock | None = None) -> None:
        self._settings, self._timeout_s, self._clock = settings, timeout_s, clock or SystemClock()
        written = settings.aliyun_endpoint or ENDPOINT
        self._endpoint = (written if "://" in written else f"https://{written}").rstrip("/")
        self._templates, self._complaints = _templates(settings.sms_templates)
        self._sent: OrderedDict[str, Sent] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def is_loopback(self) -> bool:
        return is_loopback_url(self._endpoint)

    def problems(self) -> list[str]:
        settings, complaints = self._settings, []
        for setting, value in (("ACCESS_KEY_ID", settings.aliyun_access_key_id),
                               ("ACCESS_KEY_SECRET", settings.aliyun_access_key_secret)):
            if not value or not value.isascii() or any(sign <= " " for sign in value):
                complaints.append(f"INCIDENT_CLOCK_ALIYUN_{setting} is missing or no plain word.")
        name = settings.aliyun_sign_name
        if not name or any(sign in name for sign in SIGNATURE_BRACKETS):
            complaints.append("INCIDENT_CLOCK_ALIYUN_SIGN_NAME is missing or in 【】: write the filed signature alone.")
        complaint = url_complaint(self._endpoint, "INCIDENT_CLOCK_ALIYUN_ENDPOINT")
        return complaints + ([complaint] if complaint else []) + self._complaints

    def send(self, letter: Letter) -> Receipt:
        complaints = self.problems()
        if complaints:
            raise ChannelError(complaints[0], is_gateway_down=True, gateway=self.name)
        mobile = MOBILE.fullmatch(letter.to)
        if mobile is None:
            raise ChannelError("The person's number is no mainland mobile number (+861…).", is_permanent=True,
                               gateway=self.name)
        template = self._template(letter)
        if template is None:
            raise ChannelError("INCIDENT_CLOCK_SMS_TEMPLATES has no code for the template "
                               f"{letter.template or 'of this text'}.", is_permanent=True, gateway=self.name)
        params = json.dumps(dict(letter.params), ensure_ascii=False, separators=(",", ":"))
        answer = self._call("SendSms", {
            "PhoneNumbers": mobile[1], "SignName": self._settings.aliyun_sign_name or "", "TemplateCode": template,
            "TemplateParam": params} | ({"OutId": letter.tracking} if letter.tracking else {}))
        if answer.status != 200 or code_of(answer) != OK:
            raise refusal(answer)
        biz_id = answer.body.get("BizId")
        if not isinstance(biz_id, str) or not BIZ_ID.fullmatch(biz_id):
            raise ChannelError("Aliyun took the SMS, but named no id for it.", is_unknown=True, gateway=self.name)
        self._remember(biz_id, Sent(mobile[1], letter.sent_at, letter.tracking, biz_id))
        return Receipt(biz_id, "Aliyun took it over", self.name)

    def look_up(self, provider_id: str, *, gateway: str = "") -> Report | None:
        sent = self._sent.get(provider_id)
        if sent is None or self.problems():
            return None
        detail = next(self._details(sent), None)
        return report_of(detail.get("SendStatus"), detail.get("ErrCode")) if detail else None

    def find(self, letter: Letter, *, gateway: str = "") -> Receipt | None:
        """By number, day and `tracking`, which is its id from then on: Aliyun does not repeat its own."""
        mobile = MOBILE.fullmatch(letter.to)
        if mobile is None or not letter.tracking or self.problems():
            return None
        sent = Sent(mobile[1], letter.sent_at, letter.tracking)
        if next(self._details(sent), None) is None:
            return None
        self._remember(letter.tracking, sent)
        return Receipt(letter.tracking, "Aliyun had taken it over", self.name)

    def _template(self, letter: Letter) -> str | None:
        """The filed Chinese one where none is filed for the letter's language: rather mixed than not told."""
        plain = letter.template.removesuffix(f"-{letter.language}")
        return self._templates.get(letter.template) or self._templates.get(plain)

    def _details(self, sent: Sent) -> Iterator[Mapping[str, Any]]:
        """What it knows of the SMS, on the day it left and on the next where that is near."""
        for day in dict.fromkeys(f"{at.astimezone(THEIR_DAYS):%Y%m%d}"
                                 for at in (sent.sent_at, sent.sent_at + TAKES_OVER_WITHIN)):
            query = {"PhoneNumber": sent.mobile, "SendDate": day, "PageSize": str(LOOKED_THROUGH), "CurrentPage": "1"}
            answer = self._call("QuerySendDetails", query | ({"BizId": sent.biz_id} if sent.biz_id else {}))
            if answer.status != 200 or code_of(answer) != OK:
                raise _unanswered(answer)
            found = answer.body.get("SmsSendDetailDTOs")
            rows = found.get("SmsSendDetailDTO") if isinstance(found, dict) else None
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict) and (row.get("OutId") or "") == sent.tracking:
                    yield row

    def _call(self, action: str, query: Mapping[str, str]) -> Answer:
        try:
            return call(self._endpoint, action, query, key_id=self._settings.aliyun_access_key_id or "",
                        key_secret=self._settings.aliyun_access_key_secret or "", now=self._clock.now(),
                        timeout_s=self._timeout_s)
        except UnicodeEncodeError:
            raise ChannelError("The text is not proper Unicode.", is_permanent=True, gateway=self.name) from None

    def _remember(self, provider_id: str, sent: Sent) -> None:
        with self._lock:
            self._sent[provider_id] = sent
            while len(self._sent) > REMEMBERED:
                self._sent.popitem(last=False)


def _unanswered(answer: Answer) -> ChannelError:
    """A question that got no answer; what that means for a letter does not matter here."""
    code = code_of(answer)
    if WRITABLE_CODE.fullmatch(code):
        return ChannelError(f"Aliyun does not say what became of an SMS ({code}).", code=code, gateway=GATEWAY)
    return refused_by_status(answer, "Aliyun")


def _templates(path: Path | None) -> tuple[dict[str, str], list[str]]:
    """The codes by our names of the texts, and what is wrong with the file."""
    if path is None:
        return {}, ["INCIDENT_CLOCK_SMS_TEMPLATES is missing: name the file with the codes of the filed templates."]
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_FILE_BYTES:
            return {}, [f"{path}: is longer than {MOST_FILE_BYTES // 1024} KB."]
        tree = YAML(typ="safe", pure=True).load(raw.decode())
    except (OSError, ValueError, YAMLError, RecursionError) as error:
        return {}, [f"{path}: cannot be read as YAML ({type(error).__name__})."]
    if not isinstance(tree, dict) or not tree:
        return {}, [f"{path}: must be a list of settings like overdue-reply: SMS_123456789."]
    complaints = [f"{path}: {key}: must be the code of a filed template like SMS_123456789." for key, code in
                  tree.items() if not (isinstance(code, str) and TEMPLATE_CODE.fullmatch(code))]
    return ({}, complaints) if complaints else ({str(key): code for key, code in tree.items()}, [])
