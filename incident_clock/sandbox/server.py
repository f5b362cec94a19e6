"""The sandbox as one thing that is started and stopped: the provider's interface, the mail server and the page."""

import threading
from zoneinfo import ZoneInfo

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from incident_clock.clock import Clock
from incident_clock.sandbox.account import HOST
from incident_clock.sandbox.mail import Mailboxes
from incident_clock.sandbox.page import page
from incident_clock.sandbox.phones import Phones
from incident_clock.sandbox.reporting import PAUSE_S, Reporter
from incident_clock.sandbox.twilio import twilio

LARGEST_BODY = 64 * 1024  # bytes


class Quiet(WSGIRequestHandler):
    """Without a line for every request: numbers stand in them."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


class Sandbox:
    """Phones on `port`, mailboxes on `smtp_port`; callbacks go to `public_url`. Only this machine reaches it."""

    def __init__(self, *, port: int, smtp_port: int, public_url: str, clock: Clock, zone: ZoneInfo,
                 pause_s: float = PAUSE_S) -> None:
        self.phones, self.mailboxes = Phones(), Mailboxes(clock, port=smtp_port)
        self._reporter = Reporter(self.phones, public_url, pause_s=pause_s)
        app = Flask(__name__)
        app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
        app.register_blueprint(twilio(self.phones, self._reporter, clock))
        app.register_blueprint(page(self.phones, self.mailboxes, self._reporter, clock, zone))
        self._server: BaseWSGIServer = make_server(HOST, port, app, threaded=True, request_handler=Quiet)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, name="sandbox", daemon=True)

    def start(self) -> None:
        self.mailboxes.start()
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.mailboxes.stop()
        self._reporter.close()
