"""What a newcomer reads: a line per event, a closing table with aligned columns, the sum, and the same as JSON."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from rich.cells import cell_len

from incident_clock.ledger.chain import Broken
from incident_clock.rehearsal.performance import Event
from incident_clock.rehearsal.replay import replay
from incident_clock.rehearsal.telling import Teller
from tests.rehearsal.shipped import SHANGHAI


@pytest.fixture
def told(setting):
    """The lines a teller writes of a show."""

    def lines_of(name: str, title: str, show, *, is_wordy: bool = False) -> list[str]:
        lines: list[str] = []
        teller = Teller(setting.phrases, lines.append, is_wordy=is_wordy)
        played, events = show
        teller.heading(name, title, is_drill=played.is_drill)
        for event in events:
            teller.event(event)
        teller.closing(played)
        return lines

    return lines_of


def below(lines: Sequence[str], start: str) -> list[str]:
    """The lines behind the one that starts so."""
    [index] = [number for number, line in enumerate(lines) if line.startswith(start)]
    return list(lines[index + 1:])


def test_every_event_is_one_readable_line(told, show):
    lines = told("S01", "老槐巷", show("S01"))
    assert lines[:8] == [
        "═ S01  老槐巷",
        "  2026-04-18",
        "  21:40  周甲登记 2026-0001，计时起点 21:40",
        "  21:40  电话上报 第1级 → 周甲、吴乙",
        "  21:50  电话上报 第2级 → 周甲、吴乙",
        "  21:55  电话上报 第3级 → 郑丙、陈己",
        "  21:55  电话上报 周甲记录：21:55办结，按时",
        "  21:55  电话上报 不再催办 → 周甲、吴乙、郑丙、陈己",
    ]
    assert "  22:41  初步报告 到时没有记录，开始计超时" in lines
    assert "  22:46  初步报告 周甲记录：22:46办结，超时6分" in lines
    assert below(lines, "  2026-04-19")[0] == "  00:40  权威信息发布 第2级 → 陈己、王丁"


def test_a_leader_who_does_not_answer_is_told_of_with_his_stand_in(told, show):
    lines = told("S01", "", show("S01"))
    assert [line for line in lines if line.startswith("  22:27")] == [
        "  22:27  初步报告 郑丙未应答，其B角王丁在这一级已经催过",
        "  22:27  初步报告 王丁未应答，转B角 → 冯戊",
    ]


def test_a_wordy_teller_shows_what_a_stand_in_was_told_and_nothing_where_nobody_was(told, show):
    lines = told("S01", "", show("S01"), is_wordy=True)
    (place,) = [number for number, line in enumerate(lines) if line == "  22:27  初步报告 王丁未应答，转B角 → 冯戊"]
    assert lines[place - 1] == "  22:27  初步报告 郑丙未应答，其B角王丁在这一级已经催过"
    assert lines[place + 1].startswith("         原文：【云河综合执法】事件001：A角未应答，现转B角。初步报告22:40截止，剩13分，请接手。")


def test_a_leader_without_a_stand_in_is_told_of(told, show):
    played, events = show("S01")
    (one,) = [event for event in events if event.kind == "StandInCalled" and event.body["reason"] == "called"
              and event.step == "detailed_report"]
    alone = replace(one, body={**one.body, "person": None, "reason": "nobody"}, text="")
    assert "  23:22  详细报告 郑丙未应答，没有可转的B角" in told("S01", "", (played, [alone]))


def test_the_closing_table_shows_due_done_verdict_and_expectation(told, show):
    table = told("S01", "", show("S01"))[-8:]
    assert [line.split() for line in table[:3]] == [
        ["步骤", "截止", "办结", "判定", "应为", "结果"],
        ["电话上报", "22:00", "21:55", "按时", "ontime", "ontime", "相符", "ok"],
        ["初步报告", "22:40", "22:46", "超时6分", "late", "6", "late", "6", "相符", "ok"],
    ]
    assert table[-2] == "  记录链116条，单凭导出文件核验完好；发出提醒68条"


def test_the_columns_stand_one_under_the_other_whatever_the_script(told, show):
    table = told("S03", "", show("S03"))[-13:-2]
    starts = {cell_len(row[:row.rindex(word)]) for row, word in
              zip(table, ["结果", *["相符"] * 10], strict=True)}
    assert len(starts) == 1


def test_a_waived_step_is_told_with_who_approved_it(told, show):
    lines = told("S02", "", show("S02"))
    assert "  10:00  新闻发布会 免开，区委宣传部 何某批准" in lines
    assert lines[-3].split() == ["新闻发布会", "13日", "14:05", "13日", "10:00", "免开", "waived", "waived", "相符", "ok"]


def test_transfer_and_another_rule_are_told_in_words(told, play_file):
    lines = told("T01", "", play_file(
        "transferred: {release: 2026-03-12 14:06}, not_applicable: {phone: 2026-03-12 14:07}, "
        "profile_after: general-48h, done: {response: 2026-03-12 14:30}, entered: {response: 2026-03-12 14:40}"))
    assert [line.removeprefix("  14:0") for line in lines if line.startswith(("  14:06", "  14:07"))][:6] == [
        "6  权威信息发布 周甲提出移交 → 市网络舆情中心", "6  权威信息发布 市网络舆情中心 值班员 吕某接受移交，连同其后1步",
        "7  周甲改按规则 general-48h（待批准）", "7  降级审批 开始计时，13日 17:00截止", "7  王丁核实第7条",
        "7  电话上报 不再催办 → 周甲、吴乙"]
    assert "  14:40  舆情回应 周甲记录：14:30办结，按时（补录）" in lines


def test_a_late_registration_names_what_it_stands_for(told, setting, scenarios):
    late = replace(scenarios["S03"], registered_at=datetime(2026, 5, 7, 11, 40, tzinfo=SHANGHAI))
    events: list[Event] = []
    lines = told("S03", "", (replay(late, setting, tell=events.append), events))
    first = below(lines, "  2026-05-07")
    assert first[0] == "  11:40  周甲登记 2026-0001，计时起点 10:25"
    calls = [line for line in first if "→" in line and "级" in line][:3]
    assert calls[0].startswith("  11:40  电话上报 第5级（第6次重复）"
                               "（登记较晚，并入第1级、第2级、第3级、第4级、第5级及前5次重复） → ")
    assert calls[1].startswith("  11:40  初步报告 第4级（第1次重复）（登记较晚，并入第1级、第2级、第3级、第4级） → ")
    assert calls[2] == "  11:40  详细报告 第1级 → 吴乙、陈己"
    assert "  11:40  电话上报 周甲记录：10:41办结，按时（补录，待核）" in lines


def test_the_mark_of_a_drill_is_not_doubled_by_its_title(told, show):
    assert told("Y01", "【演练】古城灯会", show("Y01"))[0] == "【演练】═ Y01  古城灯会"


def test_a_wordy_teller_shows_what_was_said(told, show):
    lines = told("S01", "", show("S01"), is_wordy=True)
    said = below(lines, "  21:50  电话上报 第2级")[0]
    assert said.startswith("         原文：【云河综合执法】事件001电话上报剩10分（22:00截止）")


def test_a_refused_log_is_told_with_its_reason(told, play_file):
    lines = told("T01", "", play_file(
        "protocol: general-48h, waived: {response: 2026-03-12 14:06}, done: {response: 2026-03-12 14:07}"))
    assert "  14:07  舆情回应 未被受理：周甲已在 14:06 记录过这一步，未重复记录" in lines


def test_a_broken_ledger_is_told_with_its_sequence(told, show):
    played, events = show("S01")
    broken = replace(played, ledger=replace(played.ledger, broken=Broken(7, "its bytes do not give its hash")))
    assert "  记录链在第7条断开：its bytes do not give its hash" in told("S01", "", (broken, events))
    assert broken.has_finding


def test_the_sum_counts_every_outcome(setting, show, scenarios):
    lines: list[str] = []
    Teller(setting.phrases, lines.append).total([show(name)[0] for name in scenarios])
    assert lines == ["共6个场景：相符 35，不符 0"]


def test_the_same_stands_in_json(show):
    played, events = show("S03")
    plain = json.loads(json.dumps({"played": played.plain(), "events": [event.plain() for event in events]}))
    assert plain["played"]["steps"][0] == {
        "key": "phone_report", "counts_from": "clock", "due_at": "2026-05-07T02:45:00+00:00",
        "done_at": "2026-05-07T02:41:00+00:00", "verdict": "ontime", "expected": "ontime", "outcome": "ok"}
    assert plain["played"]["steps"][5]["counts_from"] == "occurred"
    assert plain["played"]["ledger"]["broken"] is None
    assert plain["events"][0]["kind"] == "IncidentRegistered"
