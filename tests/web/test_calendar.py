"""The calendar of one's own shifts: read back as a calendar program reads it, and closed to everybody else."""

from datetime import UTC, datetime

import pytest
from icalendar import Calendar
from sqlalchemy import update

from incident_clock.people import covers, shifts
from incident_clock.people.tables import Person
from incident_clock.web.server import masked
from tests.support.bureau import SHEN
from tests.web.forms_of import forms_of
from tests.web.house import House
from tests.web.rota import at, away, rota
from tests.web.test_roster import cover, shift_of

__all__ = ["rota"]

Shown = list[tuple[datetime, datetime, str]]


def address(house: House, person: str) -> str:
    """The path of a fresh calendar."""
    page = house.client(person).submit("/roster/calendar", {}, page="/roster/calendar").text
    return page.split('value="http://127.0.0.1:8000')[1].split('"')[0]


def events(house: House, path: str) -> list:
    answer = house.client().get(path)
    assert answer.status_code == 200
    return list(Calendar.from_ical(answer.data).walk("VEVENT"))


def shown(house: House, path: str, *, days: range = range(12, 17)) -> Shown:
    """Begin, end and summary of the events that begin on these days of March."""
    found = [(event.decoded("dtstart"), event.decoded("dtend"), str(event["summary"])) for event in events(house, path)]
    return sorted(one for one in found if one[0].astimezone(at("12:00").tzinfo).day in days and one[0].month == 3)


def test_a_calendar_holds_ones_own_shifts_in_utc(rota: House) -> None:
    path = address(rota, "zhou")
    assert shown(rota, path) == [(at("08:30", day), at("08:30", day + 1), "值班：值班员") for day in (12, 14, 16)]
    text = rota.client().get(path).text
    assert "DTSTART:20260312T003000Z" in text
    assert "VERSION:2.0" in text
    assert "X-WR-CALNAME:值班 周甲 云河综合执法" in text


def test_it_speaks_the_language_of_its_person(rota: House) -> None:
    assert {summary for _, _, summary in shown(rota, address(rota, "li"))} == {"On duty: Duty officer"}


def test_covers_swaps_and_leave_are_followed_on_both_sides(rota: House) -> None:
    mine, his = address(rota, "zhou"), address(rota, "li")
    cover(rota, "zhou", "li", at("20:00", 13), at("00:00", 14))
    with rota.assembly.store.write() as session:
        covers.enter_swap(session, shift_a=shift_of(rota, "zhou", 14).id, shift_b=shift_of(rota, "li", 15).id,
                          reason="两人商定", actor=SHEN, now=rota.clock.now())
    assert [(since, until) for since, until, _ in shown(rota, mine)] == [
        (at("08:30"), at("08:30", 13)), (at("20:00", 13), at("00:00", 14)), (at("08:30", 15), at("08:30", 16)),
        (at("08:30", 16), at("08:30", 17))]
    assert [(since, until) for since, until, _ in shown(rota, his)] == [
        (at("08:30", 13), at("20:00", 13)), (at("00:00", 14), at("08:30", 14)), (at("08:30", 14), at("08:30", 15))]
    described = [str(event["description"]) for event in events(rota, mine) if "description" in event]
    assert described == ["周甲 代 李酉（替班）", "周甲 代 李酉（调班）"]
    away(rota, "zhou", 16, 17, acting="chu")
    assert shown(rota, mine, days=range(16, 18)) == [(at("00:00", 17), at("08:30", 17), "值班：值班员")]
    assert shown(rota, address(rota, "chu"), days=range(16, 18)) == [(at("08:30", 16), at("00:00", 17), "值班：值班员")]


def test_an_event_keeps_its_name_while_its_shift_stays(rota: House) -> None:
    path = address(rota, "li")
    before = {event.decoded("dtstart"): str(event["uid"]) for event in events(rota, path)}
    assert len(set(before.values())) == len(before)
    assert all(uid.endswith("@127.0.0.1") for uid in before.values())
    number = cover(rota, "zhou", "li", at("20:00", 13), at("00:00", 14))
    split = {event.decoded("dtstart"): str(event["uid"]) for event in events(rota, path)}
    assert split[at("08:30", 13)] == before[at("08:30", 13)]
    assert split.pop(at("00:00", 14)) == before[at("08:30", 13)].replace("@", "-2@")
    assert split == before
    with rota.assembly.store.write() as session:
        covers.remove_cover(session, number, actor=SHEN, now=rota.clock.now())
    assert {event.decoded("dtstart"): str(event["uid"]) for event in events(rota, path)} == before


def test_nothing_stands_in_it_but_shifts(rota: House) -> None:
    rota.register("青禾路户外广告牌被大风刮落伤人", place="青禾路与文昌街路口东北侧")
    text = rota.client().get(address(rota, "zhou")).text
    assert not [word for word in ("138", "0000", "@example", "青禾", "2026-0001") if word in text.replace("T000000", "")]


def test_an_unchanged_calendar_is_answered_with_not_modified_and_a_changed_one_anew(rota: House) -> None:
    path, visitor = address(rota, "zhou"), rota.client()
    first = visitor.get(path)
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    tag = first.headers["ETag"]
    assert visitor.get(path, headers={"If-None-Match": tag}).status_code == 304
    cover(rota, "li", "zhou", at("20:00", 14), at("08:30", 15))
    changed = visitor.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] == tag) == (200, False)
    assert visitor.head(path).status_code == 200


@pytest.mark.parametrize("token", ["x", "", "a" * 5000, "%00", "..%2f", "٣"])
def test_an_unknown_address_is_not_there(rota: House, token: str) -> None:
    assert rota.client().get(f"/calendar/{token}.ics").status_code == 404


def test_a_new_address_ends_the_old_one_and_leaving_ends_both(rota: House) -> None:
    visitor, old = rota.client(), address(rota, "zhou")
    assert "您已经有一个地址" in rota.client("zhou").get("/roster/calendar").text
    new = address(rota, "zhou")
    assert [visitor.get(path).status_code for path in (old, new)] == [404, 200]
    with rota.assembly.store.write() as session:
        session.execute(update(Person).where(Person.key == "zhou").values(is_active=False))
    assert visitor.get(new).status_code == 404


def test_the_address_is_shown_once_and_stands_in_no_cookie_and_no_log(rota: House) -> None:
    visitor = rota.client("zhou")
    shown_once = visitor.submit("/roster/calendar", {}, page="/roster/calendar")
    token = shown_once.text.split("/calendar/")[1].split(".ics")[0]
    assert len(token) > 40
    assert "只在这里显示一次" in shown_once.text
    assert shown_once.headers["Cache-Control"] == "no-store"
    assert token not in str(shown_once.headers)
    assert token not in visitor.get("/roster/calendar").text + visitor.get("/roster").text
    assert masked(f'GET /calendar/{token}.ics HTTP/1.1" 200') == 'GET /calendar/*** HTTP/1.1" 200'


def test_an_address_cannot_be_asked_for_by_a_link_from_elsewhere(rota: House) -> None:
    visitor = rota.client("zhou")
    assert visitor.post("/roster/calendar", data={}).status_code == 400
    assert all("token" not in form.action for form in forms_of(visitor.get("/roster/calendar").text))


def test_shifts_long_past_and_far_ahead_are_left_out(rota: House) -> None:
    with rota.assembly.store.write() as session:
        for year in (2027, 2028):
            shifts.add_shift(session, role="duty_officer", person="zhou", from_at=datetime(year, 1, 1, tzinfo=UTC),
                             until_at=datetime(year, 1, 2, tzinfo=UTC), actor=SHEN, now=rota.clock.now())
    path = address(rota, "zhou")
    assert {event.decoded("dtstart").year for event in events(rota, path)} == {2026, 2027}
    rota.clock.move_to(at("12:00").replace(month=6))
    assert {event.decoded("dtstart").year for event in events(rota, path)} == {2027}
