"""The hand-over page: what stands open, who signs how, and that what was read is what is signed."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from incident_clock.ledger.chain import plain
from incident_clock.people import ledger, sign_in
from incident_clock.registry.tables import Deadline
from incident_clock.web import handover as pages
from tests.support.race import at_once
from tests.web.forms_of import forms_of
from tests.web.house import House
from tests.web.rota import at, away, rota

__all__ = ["rota"]

PASSWORD = "correct horse battery"
FORM = {"incoming": "li", "note": "区总值班室等回话\n医院伤情未核实"}


def signatures(house: House) -> list[dict]:
    with house.assembly.store.read() as session:
        entries = [plain(link) for link in ledger.links(session)]
    return [entry for entry in entries if entry["kind"] == "HandoverSigned"]


def form_of(page: str, path: str) -> dict[str, str]:
    return next(form for form in forms_of(page) if form.action == path).fields


def hand_over(house: House, person: str = "zhou", **fields: str) -> None:
    sent = house.client(person).submit("/handover", {**FORM, **fields}, page="/handover")
    assert sent.status_code == 303, sent.text


def words(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def test_every_open_clock_is_listed_the_one_due_first_on_top(busy: House) -> None:
    page = busy.client("zhou").get("/handover").text
    rows = [words(row.split("</tr>")[0].split(">", 1)[1]) for row in page.split("<tbody>")[1].split("</tbody>")[0].split("<tr")[1:]]
    assert len(rows) == 11
    assert rows[0].startswith("2026-0035 文昌桥头井盖破损致行人摔伤 初步报告 14:42 超时 14:43 已催 冯戊、王丁；还没回：")
    assert rows[1].startswith("2026-0036 青禾路户外广告牌被大风刮落伤人 初步报告 15:05 临近 14:50 已催 郑丙、王丁；还没回：")
    assert rows[4].startswith("Y2026-0005 【演练】 古城灯会人员拥挤舆情处置演练 详细报告 16:20 计时中 —")
    english = words(busy.client("zhou").get("/handover?lang=en").text)
    assert "11 clocks open" in english
    assert "Preliminary report 14:42 Overdue" in english


def test_who_is_on_duty_hands_over_to_the_next_on_the_roster(rota: House) -> None:
    page = rota.client("zhou").get("/handover").text
    assert "交班人：值班员 周甲" in page
    assert form_of(page, "/handover")["incoming"] == "li"
    assert "李酉（按值班表）" in page
    assert "目前没有在办事件" in page


def test_both_sign_each_signed_in_himself(rota: House) -> None:
    rota.register("文昌桥头井盖破损致行人摔伤")
    hand_over(rota)
    waiting = rota.client("wu").get("/handover").text
    assert "等接班人签字" in waiting
    assert "周甲 14:05 已签" in waiting
    assert "当时5项在办" in waiting
    incoming = rota.client("li")
    done = incoming.submit("/handover/1", {}, page="/handover")
    page = incoming.get(done.location).text
    assert "交接完成：李酉已接班" in page
    assert "双方已签" in page
    assert "等接班人签字" not in page
    assert [(entry["actor"], entry["body"]["side"], len(entry["body"]["open_clocks"])) for entry in signatures(rota)] == [
        ("周甲", "outgoing", 5), ("李酉", "incoming", 5)]
    assert signatures(rota)[0]["body"]["note"] == FORM["note"]


def test_who_comes_signs_on_the_same_screen_with_his_own_password(rota: House) -> None:
    with rota.assembly.store.write() as session:
        sign_in.set_password(session, "li", PASSWORD, rota.clock.now())
        sign_in.set_password(session, "zhou", PASSWORD + "zhou", rota.clock.now())
    hand_over(rota)
    screen = rota.client("zhou")
    for typed, sentence in (("", "请接班人输入自己的密码"), (PASSWORD + "zhou", "密码不对"), ("x" * 500, "密码不对")):
        refused = screen.submit("/handover/1", {"password": typed}, page="/handover")
        assert refused.status_code == 422
        assert sentence in refused.text
        assert PASSWORD not in refused.text
    assert len(signatures(rota)) == 1
    assert screen.submit("/handover/1", {"password": PASSWORD}, page="/handover").status_code == 303
    assert (signatures(rota)[-1]["actor"], signatures(rota)[-1]["actor_role"]) == ("李酉", "duty_officer")


def test_five_wrong_passwords_close_the_account_for_a_while_here_too(rota: House) -> None:
    with rota.assembly.store.write() as session:
        sign_in.set_password(session, "li", PASSWORD, rota.clock.now())
    hand_over(rota)
    screen = rota.client("zhou")
    codes = [screen.submit("/handover/1", {"password": "wrong"}, page="/handover").status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]
    refused = screen.submit("/handover/1", {"password": PASSWORD}, page="/handover")
    assert "密码输错太多次" in refused.text
    rota.clock.advance(timedelta(minutes=16))
    assert screen.submit("/handover/1", {"password": PASSWORD}, page="/handover").status_code == 303


def test_what_has_changed_since_the_page_was_read_is_shown_before_it_is_signed(rota: House) -> None:
    rota.register("文昌桥头井盖破损致行人摔伤")
    visitor = rota.client("zhou")
    old = form_of(visitor.get("/handover").text, "/handover")
    rota.log("2026-0001", "phone_report", rota.clock.now(), report_to="区总值班室")
    refused = visitor.post("/handover", data={**old, **FORM})
    assert refused.status_code == 409
    assert "清单有变化，还没有签字" in refused.text
    assert form_of(refused.text, "/handover")["note"].strip() == FORM["note"]
    assert signatures(rota) == []
    assert visitor.post("/handover", data={**form_of(refused.text, "/handover"), **FORM}).status_code == 303


def test_what_is_signed_is_read_in_the_transaction_that_signs_it(rota: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step logged while the signature waits for its turn is not signed as open."""
    rota.register("文昌桥头井盖破损致行人摔伤")
    visitor = rota.client("zhou")
    form = form_of(visitor.get("/handover").text, "/handover")
    turn = pages.take_turn

    def after_a_colleague(session) -> None:
        monkeypatch.setattr(pages, "take_turn", turn)
        turn(session)
        deadline = session.scalars(select(Deadline)).first()
        deadline.settled_at = deadline.done_at = rota.clock.now()
        session.flush()

    monkeypatch.setattr(pages, "take_turn", after_a_colleague)
    assert visitor.post("/handover", data={**form, **FORM}).status_code == 409
    assert signatures(rota) == []


def test_what_changed_between_the_signatures_is_told_to_the_second_and_in_the_record(rota: House) -> None:
    rota.register("文昌桥头井盖破损致行人摔伤")
    hand_over(rota)
    rota.log("2026-0001", "phone_report", rota.clock.now(), report_to="区总值班室")
    rota.register("青禾路户外广告牌被大风刮落伤人")
    incoming = rota.client("li")
    page = incoming.get("/handover?lang=zh").text
    changes = words(page.split("交班签字以后，清单有变化")[1].split("</ul>")[0])
    assert "2026-0001 电话上报：已不在清单" in changes
    assert changes.count("2026-0002") == 5
    incoming.submit("/handover/1", {}, page="/handover")
    assert "两次签字之间清单有变化" in incoming.get("/handover").text
    record = words(incoming.get("/handover/1").text)
    assert "2026-0001 文昌桥头井盖破损致行人摔伤 电话上报 2026-03-12 14:25 接班时已不在清单" in record
    assert "2026-0002 青禾路户外广告牌被大风刮落伤人 电话上报 2026-03-12 14:25 接班时新增" in record
    assert "2026-0001 文昌桥头井盖破损致行人摔伤 初步报告 2026-03-12 15:05 —" in record


def test_a_double_post_signs_once_each(rota: House) -> None:
    outgoing, incoming = rota.client("zhou"), rota.client("li")
    form = {**form_of(outgoing.get("/handover").text, "/handover"), **FORM}
    assert [outgoing.post("/handover", data=form).status_code for _ in range(2)] == [303, 303]
    taken = form_of(incoming.get("/handover").text, "/handover/1")
    assert [incoming.post("/handover/1", data=taken).status_code for _ in range(2)] == [303, 303]
    assert [entry["body"]["side"] for entry in signatures(rota)] == ["outgoing", "incoming"]


def test_both_sides_pressing_at_once_sign_once_each(rota: House) -> None:
    outgoing, incoming = rota.client("zhou"), rota.client("li")
    form = {**form_of(outgoing.get("/handover").text, "/handover"), **FORM}
    at_once([lambda: rota.client("zhou").post("/handover", data=form), lambda: outgoing.post("/handover", data=form)])
    taken = form_of(incoming.get("/handover").text, "/handover/1")
    answers = at_once([lambda: incoming.post("/handover/1", data=taken)] * 2)
    assert [answer.status_code for answer in answers] == [303, 303]
    assert [entry["body"]["side"] for entry in signatures(rota)] == ["outgoing", "incoming"]


def test_a_record_that_waits_is_replaced_by_a_new_one(rota: House) -> None:
    away(rota, "li", 13, 14, acting="chu")
    hand_over(rota)
    hand_over(rota, incoming="chu", note="李酉请假")
    page = rota.client("yang").get("/handover").text
    assert page.count('class="card handing') == 1
    assert "周甲 交给 褚庚" in page
    assert "未签完，已另行交班" in page
    assert rota.client("chu").submit("/handover/2", {}, page="/handover").status_code == 303


def test_the_acting_deputy_is_the_one_who_comes(rota: House) -> None:
    away(rota, "li", 13, 14, acting="chu")
    assert form_of(rota.client("zhou").get("/handover").text, "/handover")["incoming"] == "chu"


def test_who_was_relieved_by_the_clock_still_hands_over_to_the_one_on_duty_now(rota: House) -> None:
    rota.clock.move_to(at("08:35", 13))
    page = rota.client("zhou").get("/handover").text
    assert "现在不在这个班上" in page
    assert form_of(page, "/handover")["incoming"] == "li"
    hand_over(rota)
    waiting = rota.client("li").get("/handover").text
    assert "我接班，签字" in waiting


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"incoming": ""}, "接班人：请选接班的人"), ({"incoming": "zhou"}, "接班人：请选接班的人"),
    ({"incoming": "yang"}, "接班人：请选接班的人"), ({"role": "duty_chief"}, "交什么班：请选一项"),
    ({"note": "长" * 501}, "交代事项：最多500字"),
])
def test_what_cannot_be_right_is_told_and_nothing_typed_is_lost(rota: House, fields: dict, sentence: str) -> None:
    answer = rota.client("zhou").submit("/handover", {**FORM, **fields}, page="/handover")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert form_of(answer.text, "/handover")["note"].strip() == {**FORM, **fields}["note"]
    assert signatures(rota) == []


def test_who_is_not_on_the_roster_reads_and_does_not_sign(rota: House) -> None:
    hand_over(rota)
    visitor = rota.client("yang")
    page = visitor.get("/handover").text
    assert "您不值班，不能交班" in page
    assert "/handover" not in [form.action for form in forms_of(page)]
    token = form_of(page, "/handover/1")
    assert visitor.post("/handover", data={**token, **FORM, "role": "duty_officer"}).status_code == 422
    assert visitor.post("/handover/1", data=token).status_code == 422  # without the password of 李酉


def test_a_record_is_a_page_of_its_own_in_both_languages(rota: House) -> None:
    rota.register("文昌桥头井盖破损致行人摔伤")
    hand_over(rota)
    rota.client("li").submit("/handover/1", {}, page="/handover")
    page = words(rota.client("yang").get("/handover/1").text)
    for text in ("交接班记录 1", "岗位 值班员", "周甲 · 2026-03-12 14:05 签字".replace(" · ", "·"), "医院伤情未核实",
                 "电话上报 2026-03-12 14:25", "杨丑 打印于 2026-03-12 14:05"):
        assert text in page
    english = words(rota.client("yang").get("/handover/1?lang=en").text)
    assert "Clocks open when signed" in english
    assert "signed 2026-03-12 14:05" in english
    for path in ("/handover/2", "/handover/0", f"/handover/{10**12}", "/handover/x"):
        assert rota.client("yang").get(path).status_code == 404


def test_records_go_on_page_by_page_newest_first(rota: House) -> None:
    for number in range(25):
        hand_over(rota, note=str(number))
    visitor = rota.client("yang")
    page = visitor.get("/handover").text
    numbers = [int(one) for one in re.findall(r'href="/handover/(\d+)"', page)]
    assert numbers == list(range(25, 5, -1))
    older = visitor.get("/handover?before=6").text
    assert [int(one) for one in re.findall(r'href="/handover/(\d+)"', older)] == [5, 4, 3, 2, 1]
    for odd in ("x", "-1", "9" * 30):
        assert visitor.get("/handover", query_string={"before": odd}).status_code == 200
