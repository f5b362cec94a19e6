"""The API over a whole assembly: a real database, the fictional bureau, a clock the test moves, tokens by role."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from werkzeug.test import TestResponse

from incident_clock.assembly import Assembly
from incident_clock.clock import VirtualClock
from incident_clock.people.importing import PeopleFile, import_people, read_people
from incident_clock.people.tokens import issue_token
from incident_clock.settings import ROOT, read_settings
from tests.support.applications import given_back, lent
from tests.support.bureau import SHEN
from tests.support.databases import kept_store
from tests.web.house import rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
LABEL = "12345热线平台"
PHONE = "/steps/phone_report"


def at(clock: str, day: int = 12) -> datetime:
    """`14:05` of 12 March 2026 in Shanghai."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


@dataclass
class Api:
    """`call` speaks to the application as a holder of a token with `role` (None: without a token)."""

    assembly: Assembly
    clock: VirtualClock
    app: Flask
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, database_url: str, folder: Path) -> "Api":
        clock = VirtualClock(at("14:12"))
        settings = read_settings({
            "DATABASE_URL": database_url, "INCIDENT_CLOCK_SECRET_KEY": "only-for-tests-" * 3,
            "INCIDENT_CLOCK_PROTOCOL": str(ROOT / "config/protocols/district-emergency.yaml"),
            "INCIDENT_CLOCK_PROTOCOLS": str(ROOT / "config/protocols")}, folder / "no.env", folder)
        assembly = Assembly.of(settings, clock)
        vars(assembly).update(protocols=rules(), store=kept_store(database_url))  # once for all tests
        with assembly.store.write() as session:
            import_people(session, _people(), actor=SHEN, now=clock.now())
        return cls(assembly, clock, lent(assembly))

    def close(self) -> None:
        self.assembly.store.dispose()
        given_back(self.app)

    def token(self, role: str, label: str = LABEL) -> str:
        """A token of this role; the same one each time."""
        if role not in self.tokens:
            with self.assembly.store.write() as session:
                self.tokens[role] = issue_token(session, role, label, self.clock.now())
        return self.tokens[role]

    def call(self, method: str, path: str, body: object = None, *, role: str | None = "duty_officer",
             headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        """`path` counts from /api/v1."""
        if role is not None:
            headers = {"Authorization": f"Bearer {self.token(role)}", **(headers or {})}
        if method == "POST" and not more:
            more = {"json": {} if body is None else body}
        return self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, body: object = None, **more: Any) -> TestResponse:
        return self.call("POST", path, body, **more)

    def registered(self, **fields: object) -> str:
        """An incident received at 14:05; gives its path under /api/v1."""
        body = {"title": "青禾路户外广告牌被大风刮落伤人", "received_at": "2026-03-12T14:05+08:00", **fields}
        told = self.post("/incidents", body)
        assert told.status_code == 201, told.text
        return f"/incidents/{told.json['number']}"

    def tick(self) -> None:
        """One tick of the real engine."""
        self.assembly.ticker().tick(self.clock.now())


@cache
def _people() -> PeopleFile:
    return read_people(ROOT / "config/people.example.yaml")


def complaints(told: TestResponse) -> dict[str | None, str]:
    """What a problem says of each field, after a look at its shape."""
    assert told.mimetype == "application/problem+json", told.text
    problem = told.json
    assert set(problem) == {"type", "title", "status", "detail", "errors"}
    assert problem["status"] == told.status_code
    assert problem["title"]
    assert problem["detail"]
    return {error["field"]: error["message"] for error in problem["errors"]}
