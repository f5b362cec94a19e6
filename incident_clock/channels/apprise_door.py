"""The channel `apprise`: one door to the many services that the optional package `apprise` knows.

The package is imported at the first letter. It only says whether a service took something, so there are no receipts
and no codes, and what failed is tried again.
"""

import importlib.util
import logging
import re
import threading
from email import charset
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import quote, urlsplit

from incident_clock.channels.base import Channel, ChannelError, ChannelSettings, Letter, Receipt, is_loopback_host

TIMEOUT_S = 8.0  # for the whole
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 2.0, 5.0  # for each request it makes of it
SETTING = "INCIDENT_CLOCK_APPRISE_URL"
PLACE = "{to}"  # in the URL: where the person's address goes
ADDRESS = re.compile(r"[A-Za-z0-9_.@+-]{1,128}")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+-]{0,30}://[!-~]+")

# These answer HTTP 200 to what they refuse, which apprise takes for success.
OURS = ("wecombot", "dingtalk", "feishu", "lark")
HOSTS_OF_OURS = ("qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn", "open.larksuite.com")

_loading = threading.Lock()


class AppriseChannel(Channel):
    """Posts to the one URL of the setting, `{to}` in it replaced by the person's address."""

    name = "apprise"

    def __init__(self, settings: ChannelSettings, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url, self._timeout_s = settings.apprise_url or "", timeout_s

    @property
    def is_loopback(self) -> bool:
        return is_loopback_host(_host(self._url))

    def problems(self) -> list[str]:
        if not self._url:
            return [f"{SETTING} is missing: write the URL of one service as apprise has it, {PLACE} for the person."]
        if not URL.fullmatch(self._url):
            return [f"{SETTING} is no URL of the form service://…"]
        if self._url.partition(":")[0].lower() in OURS or _host(self._url) in HOSTS_OF_OURS:
            return [(f"{SETTING} must not be a robot of WeCom, DingTalk or Feishu: our own channels wecom, dingtalk "
                     "and feishu read the business code in the body, and apprise takes a refusal for success.")]
        if importlib.util.find_spec("apprise") is None:
            return [f"{SETTING} needs the optional package apprise: pip install 'incident-clock[apprise]'."]
        if self._server("nobody") is None:
            return [f"{SETTING} is none that apprise understands."]
        return []

    def send(self, letter: Letter) -> Receipt:
        complaints = self.problems()
        if complaints:
            raise ChannelError(complaints[0], is_gateway_down=True)
        if not ADDRESS.fullmatch(letter.to):
            raise ChannelError("The person's address is none that can be put into a URL.", is_permanent=True)
        try:
            letter.text.encode()
        except UnicodeEncodeError:
            raise ChannelError("The text is not proper Unicode.", is_permanent=True) from None
        server = self._server(letter.to)
        if server is None:
            raise ChannelError("Apprise does not understand the person's address.", is_permanent=True)
        said: SimpleQueue[bool] = SimpleQueue()
        threading.Thread(target=_tell, args=(server, letter, said), name="apprise", daemon=True).start()
        try:
            is_taken = said.get(timeout=self._timeout_s)
        except Empty:
            raise ChannelError("The service did not answer in time.", is_unknown=True) from None
        if not is_taken:
            raise ChannelError("The service did not take it; apprise does not say why.")
        return Receipt(letter.reference, "the service took it over")

    def _server(self, to: str) -> Any:
        """The service as apprise has it, or None. It tells nobody anything yet."""
        server = _package().Apprise.instantiate(self._url.replace(PLACE, quote(to, safe="")), suppress_exceptions=True)
        if server is not None:
            server.socket_connect_timeout, server.socket_read_timeout = CONNECT_TIMEOUT_S, READ_TIMEOUT_S
        return server


def _package() -> Any:
    with _loading:  # two threads at once would keep each other's leavings
        return _loaded()


@cache
def _loaded() -> Any:
    """The package with all its services: slow, optional, and talkative about URLs with their keys.

    One of its services changes for the whole process how Python encodes e-mail, ours too; that is taken back.
    """
    for chatty in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    as_they_were = dict(charset.CHARSETS)
    import apprise

    apprise.Apprise.instantiate("json://localhost", suppress_exceptions=True)  # this loads the services
    charset.CHARSETS.update(as_they_were)
    return apprise


def _tell(server: Any, letter: Letter, said: SimpleQueue[bool]) -> None:
    try:
        said.put(bool(server.notify(body=letter.text, title=letter.subject)))
    except Exception:  # whatever a plugin of it raises may hold the URL
        said.put(False)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
