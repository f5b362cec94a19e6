"""A rule whose limits are seconds, run by the real web and engine processes against a real SMTP server.

These tests take real seconds on purpose: they show what no virtual clock can, that reminders leave on time, that
nothing leaves after the log, and that a killed engine forgets nobody.
"""

import os
import signal
import time
from collections.abc import Callable
from datetime import datetime

from tests.acceptance.world import PEOPLE, Arrival, World

ON_TIME_S = 2.5  # within a second on a quiet machine; here the rest of the suite runs beside it

RULE = """
key: seconds
version: "1"
title: {zh: 秒级规则, en: A rule in seconds}
source: 测试
clock_starts_at: registered
steps:
  - key: phone_report
    title: {zh: 电话上报, en: Phone report}
    within: 5s
    evidence: call
    ladder:
      - {after: 0s, tell: [duty_officer]}
      - {before_due: 4s, tell: [duty_officer, duty_chief]}
      - {before_due: 2s, tell: [duty_leader]}
      - {overdue_by: 1s, tell: [deputy, head], repeat: [{every: 1s, times: 2}, {every: 60s}]}
  - key: preliminary_report
    title: {zh: 初步报告, en: Preliminary report}
    within: 8s
    evidence: document
    ladder:
      - {after: 2s, tell: [publicity_chief]}
      - {overdue_by: 1s, tell: [head], repeat: [{every: 60s}]}
"""
PHONE = {(1, 0): (0, {"zhou"}), (2, 0): (1, {"zhou", "wu"}), (3, 0): (3, {"zheng"}), (4, 0): (6, {"wang", "feng"}),
         (4, 1): (7, {"wang", "feng"})}  # (rung, repeat) → (seconds from T0, who is told)
WRITTEN = {(1, 0): (2, {"chen"}), (2, 0): (9, {"feng"})}


def test_every_rung_arrives_once_in_order_on_time_and_none_after_the_log(world: Callable[..., World]) -> None:
    here = world(protocol=RULE)
    here.start_smtp()
    here.start_web()
    here.start_engine()
    status, incident = here.call("POST", "/api/v1/incidents", {"title": "青禾路户外广告牌被大风刮落伤人"})
    assert status == 201
    started = datetime.fromisoformat(incident["clock_started_at"]).timestamp()

    here.postbox.wait_for(_has("phone_report", 4, 1, count=2), within_s=12)
    status, logged = here.call("POST", f"/api/v1/incidents/{incident['id']}/steps/phone_report/log", {"note": "已报"})
    assert status == 200
    logged_at = datetime.fromisoformat(_step(logged, "phone_report")["recorded_at"]).timestamp()
    everything = here.postbox.wait_for(_has("preliminary_report", 2, 0, count=1), within_s=12)
    here.call("POST", f"/api/v1/incidents/{incident['id']}/steps/preliminary_report/log", {})
    everything = here.postbox.wait_for(lambda arrivals: sum(a.call[0] == "all_clear" for a in arrivals) >= 7, 10)

    for step, plan in (("phone_report", PHONE), ("preliminary_report", WRITTEN)):
        told = [a for a in everything if a.call[:2] == ("reminder", step)]
        assert sorted((a.call[2:], a.to) for a in told) == \
            sorted((call, person) for call, (_, people) in plan.items() for person in people)
        assert [a.call[2:] for a in told] == sorted(a.call[2:] for a in told), "in order"
        for arrival in told:
            late = arrival.at - (started + plan[arrival.call[2:]][0])
            assert 0 <= late <= ON_TIME_S, f"{arrival.call} was {late:.3f} s late"
    assert not [a for a in everything if a.call[:2] == ("reminder", "phone_report") and a.at > logged_at + 0.5]
    cleared = {a.to for a in everything if a.call[:2] == ("all_clear", "phone_report")}
    assert cleared == {"zhou", "wu", "zheng", "wang", "feng"}


def test_after_kill_9_everybody_who_should_have_been_told_is_told_and_the_gap_is_named(
        world: Callable[..., World]) -> None:
    here = world(protocol=RULE)
    here.start_smtp()
    here.start_web()
    engine = here.start_engine()
    _, incident = here.call("POST", "/api/v1/incidents", {"title": "拆违现场围墙倒塌"})
    here.postbox.wait_for(_has("phone_report", 2, 0, count=2), within_s=6)
    here.kill(engine)
    started = datetime.fromisoformat(incident["clock_started_at"]).timestamp()
    here.until(lambda: time.time() >= started + 6.5, "rungs 3 and 4 stand while no engine runs")
    here.start_engine()

    arrivals = here.postbox.wait_for(_has("phone_report", 4, None, count=3), within_s=10)
    assert {a.to for a in arrivals if a.call[:2] == ("reminder", "phone_report")} == \
        {"zhou", "wu", "zheng", "wang", "feng"}
    here.postbox.wait_for(  # by its own rung, or with the overdue one when the restart took longer
        lambda all_of_them: any(a.to == "chen" and a.call[:2] == ("reminder", "preliminary_report")
                                for a in all_of_them), within_s=10)
    _, timeline = here.call("GET", f"/api/v1/incidents/{incident['id']}/timeline")
    caught_up = [e["body"] for e in timeline["entries"] if e["kind"] == "RungRaised" and e["body"]["passed_over"]]
    named = {(body["step"], over["rung"]) for body in caught_up for over in body["passed_over"]}
    assert ("phone_report", 3) in named
    assert {body["reason"] for body in caught_up} == {"recovered"}
    sequences = [e["sequence"] for e in timeline["entries"]]
    assert sequences == list(range(1, len(sequences) + 1))
    out = here.folder / "ledger.jsonl"
    here.run("export", incident["number"], "--out", str(out))
    assert "whole" in here.run("verify", str(out))


def test_a_kill_while_a_mail_is_on_its_way_makes_at_most_one_marked_copy(world: Callable[..., World]) -> None:
    here = world(protocol=RULE)
    here.start_smtp()
    here.start_web()
    engine = here.start_engine()
    here.postbox.hold_s = 5
    here.call("POST", "/api/v1/incidents", {"title": "井盖破损致行人摔伤"})
    here.postbox.wait_for(lambda arrivals: len(arrivals) == 1, within_s=5)
    here.kill(engine)
    here.postbox.hold_s = 0
    here.start_engine()

    arrivals = here.postbox.wait_for(
        lambda all_of_them: sum(a.call == ("reminder", "phone_report", 1, 0) for a in all_of_them) == 2, within_s=15)
    first, copy = (a for a in arrivals if a.call == ("reminder", "phone_report", 1, 0))
    assert first.mail["Message-ID"] == copy.mail["Message-ID"]
    assert first.mail["X-Incident-Clock-Copy"] is None
    assert copy.mail["X-Incident-Clock-Copy"] == "possible"
    here.postbox.wait_for(_has("phone_report", 4, None, count=2), within_s=12)
    assert sum(a.call == ("reminder", "phone_report", 1, 0) for a in here.postbox.arrivals) == 2


def test_a_mail_server_that_is_down_delays_a_reminder_and_loses_none(world: Callable[..., World]) -> None:
    here = world(protocol=RULE)
    here.start_web()
    here.start_engine()
    _, incident = here.call("POST", "/api/v1/incidents", {"title": "网传内容待核实"})

    def waiting() -> bool:
        _, answer = here.call("GET", f"/api/v1/incidents/{incident['id']}/messages")
        return any(m["rung"] == 1 and m["state"] == "queued" and m["state_reason"] for m in answer["messages"])

    here.until(waiting, "the message waits and says why")
    here.start_smtp()
    here.postbox.wait_for(_has("phone_report", 1, 0, count=1), within_s=15)


def test_a_second_engine_on_sqlite_and_a_taken_port_are_refused_with_a_sentence(world: Callable[..., World]) -> None:
    here = world(protocol=RULE)
    here.start_smtp()
    here.start_web()
    here.start_engine()
    here.run("engine", exit_code=2)
    assert "Another engine already runs" in here.last_stderr
    here.run("web", exit_code=2)
    assert str(here.port) in here.last_stderr
    assert "Traceback" not in here.last_stderr
    assert not [key for key in PEOPLE if f"{key}@example.com" in here.logs()], "no address in a log"


def _has(step: str, rung: int, repeat: int | None, *, count: int) -> Callable[[list[Arrival]], bool]:
    def holds(arrivals: list[Arrival]) -> bool:
        found = [a for a in arrivals if a.call[:3] == ("reminder", step, rung) and repeat in (None, a.call[3])]
        return len({a.to for a in found}) >= count
    return holds


def _step(incident: dict, key: str) -> dict:
    return next(step for step in incident["steps"] if step["key"] == key)


def test_an_engine_that_died_is_started_again_and_the_page_stays(world: Callable[..., World]) -> None:
    here = world(protocol=RULE)
    here.start("run")
    here.until(lambda: here.status("/readyz/engine") == 200, "page and engine run")
    first = int((here.folder / "clock.db.engine-lock").read_text())
    os.kill(first, signal.SIGKILL)
    here.until(lambda: (here.folder / "clock.db.engine-lock").read_text() not in ("", str(first)), "another engine runs")
    assert here.status("/healthz") == 200
    here.until(lambda: here.status("/readyz/engine") == 200, "the new engine ticks")


def test_web_and_engine_refuse_to_start_with_a_rule_or_a_channel_they_cannot_use(world: Callable[..., World]) -> None:
    here = world(protocol=RULE, channels="email,emial")
    for process in ("web", "engine"):
        here.run(process, exit_code=2)
        assert "did you mean 'email'" in here.last_stderr
    (here.folder / "rules" / "rule.yaml").write_text("key: broken\n", encoding="utf-8")
    here.run("web", exit_code=2)
    assert "rule.yaml:1" in here.last_stderr
