"""The gateway `http` of the channel sms: a government SMS platform or a carrier's line, as a file describes it."""

import json
import re
from typing import Any
from urllib.parse import urlencode

from incident_clock.channels.base import (
    GATEWAY_DOWN,
    PERMANENT,
    Channel,
    ChannelError,
    ChannelSettings,
    Letter,
    Receipt,
)
from incident_clock.channels.http_gateway_file import MISSING, PLACEHOLDER, HttpGatewayFile, reach, read_http_gateway
from incident_clock.channels.http_post import TIMEOUT_S, Answer, is_loopback_url, post, refused_by_status

PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
WRITABLE_CODE = re.compile(r"[A-Za-z0-9._-]{1,32}(?<!\d{7})")  # no phone number among them
MOST_ID_LETTERS = 128
WHO = "The SMS platform"


class HttpGateway(Channel):
    """Sends as the file `INCIDENT_CLOCK_HTTP_GATEWAY` says, read once. One-way, and without receipts."""

    name = "http"

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._file: HttpGatewayFile | None = None
        self._complaints = ["INCIDENT_CLOCK_HTTP_GATEWAY is missing: name the file that describes the SMS platform."]
        if settings.http_gateway is not None:
            self._file, self._complaints = read_http_gateway(settings.http_gateway)

    @property
    def is_loopback(self) -> bool:
        return self._file is not None and is_loopback_url(self._file.url)

    def problems(self) -> list[str]:
        return list(self._complaints)

    def send(self, letter: Letter) -> Receipt:
        if self._file is None:
            raise ChannelError(self._complaints[0], is_gateway_down=True)
        if not PHONE_NUMBER.fullmatch(letter.to):
            raise ChannelError("The person's number is not in international form (+86…).", is_permanent=True)
        try:
            url, body, kind = self._request(self._file, letter)
        except UnicodeEncodeError:
            raise ChannelError("The text is not proper Unicode.", is_permanent=True) from None
        answer = post(url, body, method=self._file.method, headers=kind | dict(self._file.headers), who=WHO,
                      timeout_s=self._timeout_s)
        if not 200 <= answer.status < 300 or self._file.success.holds(answer.body) is not True:
            raise self._refusal(self._file, answer)
        found = reach(answer.body, self._file.id_path) if self._file.id_path else MISSING
        is_id = isinstance(found, str | int) and not isinstance(found, bool) and found != ""
        return Receipt(str(found)[:MOST_ID_LETTERS] if is_id else letter.reference, "the SMS platform took it over")

    def _request(self, file: HttpGatewayFile, letter: Letter) -> tuple[str, bytes, dict[str, str]]:
        if file.form is None:
            content = json.dumps(_filled(file.body, letter), ensure_ascii=False).encode()
            return file.url, content, {"Content-Type": "application/json; charset=utf-8"}
        form = urlencode(_filled(file.form, letter))
        if file.method == "GET":
            return file.url + ("&" if "?" in file.url else "?") + form, b"", {}
        return file.url, form.encode(), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    def _refusal(self, file: HttpGatewayFile, answer: Answer) -> ChannelError:
        found = reach(answer.body, file.code_path or file.success.path)
        code = str(found) if isinstance(found, str | int) else ""
        fate = file.codes.get(code)
        shown = code if WRITABLE_CODE.fullmatch(code) else ""
        is_readable = 200 <= answer.status < 300 and file.success.holds(answer.body) is False
        if fate is None and not is_readable:
            return refused_by_status(answer, WHO)
        return ChannelError(f"{WHO} refused it" + (f" (code {shown})." if shown else "."), code=shown,
                            is_permanent=fate == PERMANENT, is_gateway_down=fate == GATEWAY_DOWN,
                            retry_after_s=answer.retry_after_s)


def _filled(template: Any, letter: Letter) -> Any:
    """The template with every `{…}` of its texts replaced; what is put in is not looked through again."""
    words = {"to": letter.to, "mobile": letter.to.removeprefix("+86"), "text": letter.text,
             "reference": letter.reference, "tracking": letter.tracking, "template": letter.template}
    words |= {f"params.{name}": value for name, value in letter.params.items()}
    if isinstance(template, dict):
        return {key: _filled(value, letter) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, letter) for value in template]
    if not isinstance(template, str):
        return template
    absent = [name for name in PLACEHOLDER.findall(template) if name not in words]
    if absent:
        raise ChannelError(f"This letter has no {absent[0]}, which the SMS platform's file asks for.",
                           is_permanent=True)
    return PLACEHOLDER.sub(lambda found: words[found[1]], template)
