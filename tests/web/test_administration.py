"""The administrative ledger on the page and from the command line: who reads it, its sentences, its chain."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from incident_clock.ledger.chain import verify_lines
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import facts, ledger
from tests.support.bureau import SHEN
from tests.web.house import House, at

ROOT = Path(__file__).parents[2]
SPAN = {"from_at": at("08:30", 14), "until_at": at("08:30", 15)}


def text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def append(house: House, *all_facts: facts.Fact, actor: Actor = SHEN) -> None:
    with house.assembly.store.write() as session:
        for fact in all_facts:
            ledger.append(session, fact, actor=actor, now=house.clock.now())


def change(house: House, name: str = "郑丙") -> facts.PersonChanged:
    return facts.PersonChanged(happened_at=house.clock.now(), person=Erasable("zheng"), name=Erasable(name), change="altered",
                               changes={"unit": {"before": Erasable("leaders"), "after": Erasable("office")}})


def every_fact(now: datetime) -> list[tuple[facts.Fact, str, str]]:
    """Each kind of entry, with its Chinese and its English sentence."""
    zhou, wu, feng = Erasable("zhou"), Erasable("wu"), Erasable("feng")
    return [
        (facts.DirectoryImported(happened_at=now, source=Erasable("people.yaml"), is_example=False, units=7, people=12,
                                 added=[zhou], changed=[], retired=[wu]),
         "导入人员名单 people.yaml：7个单位，12人 新增：周甲 停用：吴乙",
         "People file imported people.yaml: 7 units, 12 people Added: 周甲 Retired: 吴乙"),
        (facts.PersonChanged(happened_at=now, person=zhou, name=Erasable("周甲"), change="altered", changes={
            "roles": {"before": Erasable("duty_officer"), "after": Erasable("duty_officer, reporter")},
            "stand_in": {"before": wu, "after": None}, "language": {"before": Erasable("zh"), "after": Erasable("en")},
            "contacts": {"before": None, "after": Erasable("mobile +8613800000001, chat wx, 周")}}),
         "人员修改 周甲（zhou） 角色：值班员 → 值班员、宣传员 联系方式：（空） → 手机 +8613800000001、聊天账号 wx, 周 B角：吴乙 → （空） 消息语言：中文 → 英文",
         "Person changed 周甲（zhou） Roles: Duty officer → Duty officer, Publicity reporter Contacts: (empty) → Mobile +8613800000001, Chat id wx, 周 Stand-in: 吴乙 → (empty) Language of messages: Chinese → English"),
        (facts.PersonChanged(happened_at=now, person=zhou, name=Erasable("周甲"), change="altered", changes={
            "verified": {"before": None, "after": Erasable("mobile +8613800000001")}}),
         "核实联系方式 周甲：手机 +8613800000001 可用", "Contact verified 周甲: Mobile +8613800000001 works"),
        (facts.PersonChanged(happened_at=now, person=zhou, name=Erasable("周甲"), change="retired", changes={}),
         "人员停用 周甲（zhou）", "Person retired 周甲（zhou）"),
        (facts.UnitChanged(happened_at=now, unit=Erasable("squad2"), name=Erasable("二中队"), change="added", changes={
            "name": {"before": None, "after": Erasable("二中队")}, "parent": {"before": None, "after": Erasable("bureau")}}),
         "单位新增 二中队 名字：二中队 上级单位：云河区综合执法局", "Unit added 二中队 Name: 二中队 Belongs to: 云河区综合执法局"),
        (facts.OutsidePartyChanged(happened_at=now, party=Erasable("x"), name=Erasable("区消防"), change="retired", changes={
            "phone": {"before": Erasable("+865785550119"), "after": None}}),
         "区外单位删去 区消防 电话：+865785550119", "Outside party removed 区消防 Phone: +865785550119"),
        (facts.LeaveEntered(happened_at=now, leave=1, person=zhou, acting=wu, reason=Erasable("出差"), **SPAN),
         "周甲 2026-03-14 08:30 至 2026-03-15 08:30 外出；由 吴乙 代 周甲 原因：出差",
         "周甲 is away 2026-03-14 08:30 to 2026-03-15 08:30; 吴乙 acts for 周甲 Reason: 出差"),
        (facts.LeaveRemoved(happened_at=now, leave=1, person=zhou), "销假 周甲 不请了（原定 2026-03-14 08:30 至 2026-03-15 08:30）",
         "周甲 takes no leave after all (planned 2026-03-14 08:30 to 2026-03-15 08:30)"),
        (facts.LeaveRemoved(happened_at=at("12:00", 14), leave=1, person=zhou), "销假 周甲 已回来（原定", "周甲 is back (planned"),
        (facts.RosterImported(happened_at=now, source=Erasable("值班表.xlsx"), sha256="ab" * 32, roles=["duty_officer"],
                              shifts=31, replaced=2, **SPAN),
         f"导入值班表 值班表.xlsx：值班员，2026-03-14 08:30 至 2026-03-15 08:30，31班，换下2班 文件 SHA-256 {'ab' * 32}", "shifts: 31, replaced: 2"),
        (facts.RosterPlanned(happened_at=now, role="duty_officer", workday_turn=[zhou, wu], restday_turn=[feng], shifts=7,
                             replaced=0, **SPAN),
         "值班员，2026-03-14 08:30 至 2026-03-15 08:30，7班，换下0班 工作日轮：周甲、吴乙 休息日轮：冯戊", "Workdays in turn: 周甲, 吴乙"),
        (facts.ShiftAdded(happened_at=now, shift=1, role="duty_officer", person=zhou, **SPAN),
         "值班员 周甲，2026-03-14 08:30 至 2026-03-15 08:30", "Duty officer 周甲, 2026-03-14 08:30 to 2026-03-15 08:30"),
        (facts.ShiftRemoved(happened_at=now, shift=1, role="duty_officer", person=zhou, **SPAN), "删去一班 值班员 周甲", "Shift removed"),
        (facts.CoverEntered(happened_at=now, cover=1, role="duty_officer", person=wu, instead_of=zhou, reason=Erasable("家中有事"),
                            swap=None, **SPAN), "替班 吴乙 替 周甲 值值班员，2026-03-14", "吴乙 covers for 周甲 as Duty officer"),
        (facts.CoverEntered(happened_at=now, cover=2, role="duty_officer", person=wu, instead_of=zhou, reason=Erasable("家中有事"),
                            swap="s", **SPAN), "调班 吴乙 替 周甲", "covers for 周甲"),
        (facts.CoverRemoved(happened_at=now, cover=1, role="duty_officer", person=wu, instead_of=zhou),
         "撤销替班 吴乙 不再替 周甲 值值班员", "吴乙 no longer covers for 周甲"),
        (facts.HandoverSigned(happened_at=now, handover=1, side="incoming", person=wu, note=Erasable("广告牌一事待续"),
                              open_clocks=[{"incident": "2026-0001", "step": "release", "due_at": now}]),
         "吴乙 接班签字，在办1步 备注：广告牌一事待续", "open steps: 1 Note: 广告牌一事待续"),
        (facts.AccessGiven(happened_at=now, what="token", person=Erasable("12345平台"), role="office"),
         "发接口令牌 12345平台 角色：办公室主任", "Interface token issued 12345平台 Role: Office director"),
    ]


# ── the page ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("person", "status"), [
    ("yang", 200), ("shen", 200), ("zhou", 403), ("wang", 403), ("feng", 403), ("wei", 403)])
def test_only_auditor_and_administrator_read_it(house: House, person: str, status: int) -> None:
    visitor = house.client(person)
    for path in ("/administration", "/administration/export"):
        assert visitor.get(path).status_code == status, path
    if status == 403:
        assert "管理台账只给审计员和系统管理员看" in visitor.get("/administration").text
    assert house.client().get("/administration").status_code == 302


def test_an_empty_ledger_says_so(house: House) -> None:
    assert "还没有改动过" in house.client("yang").get("/administration").text


def test_every_kind_of_entry_is_a_sentence_in_both_languages(house: House) -> None:
    told = every_fact(house.clock.now())
    assert {fact.kind for fact, _, _ in told} == {each.__name__ for each in facts.Fact.__subclasses__()
                                                  if each.__module__ == facts.__name__}
    append(house, *(fact for fact, _, _ in told))
    visitor = house.client("yang")
    for language, place in (("zh", 1), ("en", 2)):
        page = visitor.get(f"/administration?lang={language}").text
        entries = dict(re.findall(r'<li id="entry-(\d+)">(.*?)</li>', page, flags=re.DOTALL))
        for sequence, one in enumerate(told, start=1):
            assert one[place] in text(entries[str(sequence)]), one[place]


def test_an_entry_has_both_times_who_and_a_short_hash(house: House) -> None:
    append(house, change(house))
    append(house, change(house), actor=Actor("命令行 op", "operator", "cli:op"))
    page = house.client("yang").get("/administration").text
    with house.assembly.store.read() as session:
        hashes = [link.hash for link in ledger.links(session)]
    first = page.split('id="entry-1"')[1].split("</li>")[0]
    assert "单位：局领导 → 办公室" in first
    for said in ("14:05 发生 14:05:30 记录", "沈癸 系统管理员", f"{hashes[0][:4]} {hashes[0][4:8]}"):
        assert said in text(first), said
    assert page.index('id="entry-2"') < page.index('id="entry-1"')
    assert "命令行 op" in page
    assert f"记录链 2 条，14:05:30 校验完整·尾值 {hashes[1][:4]} {hashes[1][4:8]} … {hashes[1][-4:]}" in text(page)


def test_a_hundred_entries_stand_on_a_page(house: House) -> None:
    append(house, *(change(house, f"第{number}次") for number in range(1, 202)))
    visitor = house.client("yang")
    page = visitor.get("/administration").text
    assert re.findall(r'id="entry-(\d+)"', page) == [str(number) for number in range(201, 101, -1)]
    older = unescape(re.search(r'href="(/administration\?before=\d+)"', page)[1])
    page = visitor.get(older).text
    assert re.findall(r'id="entry-(\d+)"', page) == [str(number) for number in range(101, 1, -1)]
    page = visitor.get("/administration?before=2").text
    assert re.findall(r'id="entry-(\d+)"', page) == ["1"]
    assert "更早的" not in page
    for odd in ("0", "-5", "x", "9" * 30):
        assert visitor.get(f"/administration?before={odd}").status_code == 200


def test_what_is_typed_into_the_directory_never_becomes_markup(house: House) -> None:
    append(house, change(house, "<b>郑</b> %(x)s {{ 7*7 }}"))
    page = house.client("yang").get("/administration").text
    assert "<b>郑" not in page
    assert "&lt;b&gt;郑&lt;/b&gt; %(x)s {{ 7*7 }}" in page


# ── the chain ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_export_verifies_from_itself_alone_and_a_changed_byte_is_named(house: House) -> None:
    append(house, change(house), change(house, "冯戊"), change(house, "王丁"))
    answer = house.client("yang").get("/administration/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="administration-2026-03-12.jsonl"'
    lines = answer.data.splitlines(keepends=True)
    assert (verify_lines(lines).size, verify_lines(lines).broken) == (3, None)
    for sequence, line in enumerate(lines, start=1):
        for place in range(0, len(line) - 1, 37):
            changed = [*lines[:sequence - 1], line[:place] + bytes([line[place] ^ 1]) + line[place + 1:], *lines[sequence:]]
            broken = verify_lines(changed).broken
            assert broken is not None, (sequence, place)
            assert broken.sequence == sequence


@pytest.mark.parametrize("canonical", ["replace(canonical, 'altered', 'Altered')", "'{'"])
def test_a_broken_chain_is_told_in_red_with_the_entry(house: House, canonical: str) -> None:
    append(house, change(house), change(house), change(house))
    with house.assembly.store.write() as session:
        session.execute(sql("DROP TRIGGER administration_entry_no_update"))
        session.execute(sql(f"UPDATE administration_entry SET canonical = CAST({canonical} AS BLOB) WHERE sequence = 2"))
    page = house.client("yang").get("/administration").text
    assert "记录链在第2条断开" in page
    assert "前1条完整" in page
    assert "校验完整" not in page
    assert 'id="entry-3"' in page


def test_lost_texts_are_told_and_shown_as_gone(house: House) -> None:
    append(house, change(house))
    with house.assembly.store.write() as session:
        session.execute(sql("DELETE FROM administration_text"))
    page = house.client("yang").get("/administration").text
    assert "第1条的文字不在了，也没有销毁的记录" in page
    assert "（文字已按规定销毁）" in page


# ── the command line ──────────────────────────────────────────────────────────────────────────────────────


def run(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INCIDENT_CLOCK_")}
    return subprocess.run([sys.executable, "-m", "incident_clock", *words], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={**environment, "DATABASE_URL": str(house.assembly.store.url)})


def test_the_command_line_verifies_and_exports_it(house: House, tmp_path: Path) -> None:
    append(house, change(house), change(house))
    with house.assembly.store.read() as session:
        head = ledger.links(session)[-1].hash
    done = run(house, "verify")
    assert (done.returncode, done.stdout) == (0, f"administration: whole, 2 entries, head {head}\n"), done.stderr
    assert json.loads(run(house, "verify", "--json").stdout) == [{
        "incident": "administration", "entries": 2, "head": head, "erased_texts": 0, "lacking_texts": [], "broken": None}]
    out = tmp_path / "administration.jsonl"
    done = run(house, "export", "administration", "--out", str(out))
    assert (done.returncode, "2 entries of administration written" in done.stderr) == (0, True)
    assert out.read_bytes() == house.client("yang").get("/administration/export").data
    assert run(house, "verify", str(out)).stdout == f"administration: whole, 2 entries, head {head}\n"
    with house.assembly.store.write() as session:
        session.execute(sql("DROP TRIGGER administration_entry_no_update"))
        session.execute(sql("UPDATE administration_entry SET hash = 'x' WHERE sequence = 1"))
    done = run(house, "verify")
    assert (done.returncode, done.stdout) == (1, "administration: BROKEN at entry 1: its bytes do not give its hash\n")
