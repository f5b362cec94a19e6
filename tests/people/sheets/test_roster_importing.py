"""A roster file decides from now to its last shift; what was stays, and the same file twice changes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from incident_clock.errors import Conflict, Invalid
from incident_clock.ledger.chain import plain
from incident_clock.people import covers, ledger, roster
from incident_clock.people.duty_tables import Shift
from incident_clock.people.importing import import_people, read_people
from incident_clock.people.sheets.reading import sheet_of
from incident_clock.people.sheets.roster_file import read_roster
from incident_clock.people.sheets.roster_importing import RosterSummary, import_roster
from incident_clock.store.session import Store
from tests.people.files import written
from tests.people.roster_rig import HANDOVER, PEOPLE, Rig
from tests.people.sheet_files import csv, xlsx
from tests.support.bureau import SHEN, ZONE

LONG = ("日期", "岗位", "姓名")
HOURLY = (*LONG, "开始", "结束")


@pytest.fixture
def rig(store: Store, tmp_path: Path, now: datetime) -> Rig:
    return Rig(store, tmp_path, now)


def officers(*days: tuple[int, str]) -> bytes:
    """A duty officer for each of these days of March, from hand-over to hand-over."""
    return csv(LONG, *((f"2026-03-{day:02d}", "值班员", person) for day, person in days))


def at(text: str) -> datetime:
    """`14 08:30` is that day of March in Shanghai."""
    return datetime.strptime(f"2026-03-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


def utc(text: str) -> datetime:
    return at(text).astimezone(UTC)


def test_a_first_roster_becomes_what_is_said(rig: Rig) -> None:
    done = rig.take(csv(("日期", "值班员", "值班长"), ("2026-03-13", "周甲、李酉", "吴乙"), ("2026-03-14", "李酉", "无")))
    assert done == RosterSummary(shifts=4, added=4, replaced=0, past=0, from_at=utc("13 08:30"), until_at=utc("15 08:30"),
                                 roles=("duty_officer", "duty_chief"))
    assert rig.shifts() == ["chief wu 13 08:30 – 14 08:30", "officer li 13 08:30 – 14 08:30", "officer zhou 13 08:30 – 14 08:30",
                            "officer li 14 08:30 – 15 08:30"]
    with rig.store.read() as session:
        assert [holder.card.key for holder in roster.who_is(session, "duty_officer", at("14 12:00"))] == ["li"]


def test_importing_the_same_file_again_changes_nothing(rig: Rig) -> None:
    content = officers((12, "周甲"), (13, "李酉"), (14, "周甲"))
    rig.take(content)
    with rig.store.read() as session:
        before = [tuple(row) for row in session.execute(select(Shift.__table__).order_by(Shift.id))]
    rig.now += timedelta(hours=30)  # by now the first is over and the second has begun
    done = rig.take(content)
    assert (done.added, done.replaced, done.past, done.shifts) == (0, 0, 1, 2)
    with rig.store.read() as session:
        assert [tuple(row) for row in session.execute(select(Shift.__table__).order_by(Shift.id))] == before


def test_another_file_replaces_what_it_speaks_of_and_nothing_else(rig: Rig) -> None:
    rig.take(csv(("日期", "值班员", "值班长"), *((f"2026-03-{day}", "周甲", "吴乙") for day in range(13, 18))))
    done = rig.take(officers((14, "李酉"), (15, "周甲")))
    assert (done.shifts, done.added, done.replaced) == (2, 1, 1)
    assert [line for line in rig.shifts() if line.startswith("officer")] == [
        "officer zhou 13 08:30 – 14 08:30", "officer li 14 08:30 – 15 08:30", "officer zhou 15 08:30 – 16 08:30",
        "officer zhou 16 08:30 – 17 08:30", "officer zhou 17 08:30 – 18 08:30"]
    assert len([line for line in rig.shifts() if line.startswith("chief")]) == 5


def test_a_day_the_file_leaves_out_between_its_first_and_last_shift_is_empty(rig: Rig) -> None:
    rig.take(officers((13, "周甲"), (14, "周甲"), (15, "周甲")))
    assert rig.take(officers((13, "周甲"), (15, "周甲"))).replaced == 1
    assert rig.shifts() == ["officer zhou 13 08:30 – 14 08:30", "officer zhou 15 08:30 – 16 08:30"]


def test_a_shift_that_reaches_out_of_the_file_keeps_its_part_outside(rig: Rig) -> None:
    rig.take(csv(HOURLY, ("2026-03-13", "值班员", "周甲", "08:30", "2026-03-18 08:30")))
    done = rig.take(csv(HOURLY, ("2026-03-14", "值班员", "李酉", "00:00", "2026-03-16 12:00")))
    assert (done.added, done.replaced) == (1, 1)
    assert rig.shifts() == ["officer zhou 13 08:30 – 14 00:00", "officer li 14 00:00 – 16 12:00", "officer zhou 16 12:00 – 18 08:30"]
    with rig.store.read() as session:
        removed = session.scalars(select(Shift).where(Shift.removed_at.is_not(None))).one()
    assert (removed.person, removed.from_at, removed.until_at, removed.removed_at) == (
        "zhou", utc("13 08:30"), utc("18 08:30"), rig.now)


def test_a_shift_the_file_repeats_in_part_stays_whole(rig: Rig) -> None:
    rig.take(csv(HOURLY, ("2026-03-13", "值班员", "周甲", "08:30", "2026-03-16 08:30")))
    done = rig.take(officers((14, "周甲")))
    assert (done.added, done.replaced) == (0, 0)
    assert rig.shifts() == ["officer zhou 13 08:30 – 16 08:30"]


# ── now and before ────────────────────────────────────────────────────────────────────────────────────────


def test_who_was_on_duty_before_now_stays(rig: Rig) -> None:
    rig.now = at("10 09:00")
    rig.take(officers((10, "周甲"), (11, "周甲"), (12, "周甲"), (13, "周甲")))
    rig.now = at("12 14:05")
    done = rig.take(officers((10, "李酉"), (11, "李酉"), (12, "李酉"), (13, "李酉")))
    assert (done.shifts, done.past, done.added, done.replaced, done.from_at) == (2, 2, 2, 2, utc("12 14:05"))
    assert rig.shifts() == ["officer zhou 10 08:30 – 11 08:30", "officer zhou 11 08:30 – 12 08:30", "officer zhou 12 08:30 – 12 14:05",
                            "officer li 12 14:05 – 13 08:30", "officer li 13 08:30 – 14 08:30"]
    with rig.store.read() as session:
        assert [holder.card.key for holder in roster.who_is(session, "duty_officer", at("12 14:04"))] == ["zhou"]
        assert [holder.card.key for holder in roster.who_is(session, "duty_officer", at("12 14:05"))] == ["li"]


def test_repeating_it_later_still_changes_nothing(rig: Rig) -> None:
    rig.take(officers((12, "周甲"), (13, "周甲")))
    rig.now += timedelta(hours=1)
    rig.take(officers((12, "李酉"), (13, "李酉")))
    before = rig.shifts()
    rig.now += timedelta(hours=1)
    assert (rig.take(officers((12, "李酉"), (13, "李酉"))).added, rig.shifts()) == (0, before)


def test_a_first_roster_keeps_the_beginning_of_the_shift_that_runs(rig: Rig) -> None:
    rig.take(officers((11, "周甲"), (12, "周甲"), (13, "李酉")))
    assert rig.shifts() == ["officer zhou 12 08:30 – 13 08:30", "officer li 13 08:30 – 14 08:30"]


def test_a_shift_that_began_days_ago_is_entered_from_now_on(rig: Rig) -> None:
    rig.take(csv(HOURLY, ("2026-03-10", "值班员", "周甲", "08:30", "2026-03-16 08:30")))
    assert rig.shifts() == ["officer zhou 12 14:05 – 16 08:30"]


def test_a_roster_that_is_over_is_refused(rig: Rig) -> None:
    before = rig.traces()
    with pytest.raises(Invalid) as refused:
        rig.take(officers((10, "周甲"), (11, "周甲")))
    assert refused.value.params == {"until": utc("12 08:30")}
    assert rig.traces() == before


# ── the ledger, the directory, covers ─────────────────────────────────────────────────────────────────────


def test_the_ledger_says_who_imported_what(rig: Rig) -> None:
    content = officers((13, "周甲"), (14, "李酉"))
    rig.take(content, "三月.csv")
    with rig.store.read() as session:
        entry = plain(ledger.links(session)[-1])
    assert (entry["kind"], entry["actor"]) == ("RosterImported", "沈癸")
    assert {name: entry["body"][name] for name in ("roles", "shifts", "replaced", "sha256")} == {
        "roles": ["duty_officer"], "shifts": 2, "replaced": 0, "sha256": sheet_of("a.csv", content).sha256}
    assert "三月.csv" not in str(entry["canonical"]), "the name of a file may name people"
    with rig.store.read() as session:
        assert ledger.verify(session).broken is None


def test_somebody_who_lost_his_role_meanwhile_stops_the_import(rig: Rig) -> None:
    file = rig.read(officers((13, "周甲")))
    with rig.store.write() as session:
        import_people(session, read_people(written(rig.folder, PEOPLE.replace(
            "name: 周甲, unit: bureau, roles: [duty_officer]", "name: 周甲, unit: bureau, roles: [office]"))), actor=SHEN, now=rig.now)
    before = rig.traces()
    with pytest.raises(Conflict, match="周甲 现在不是值班员"), rig.store.write() as session:
        import_roster(session, file, actor=SHEN, now=rig.now)
    assert rig.traces() == before


def test_a_cover_to_come_is_never_left_in_the_air(rig: Rig) -> None:
    rig.take(officers((13, "周甲"), (14, "周甲")))
    with rig.store.write() as session:
        covers.enter_cover(session, role="duty_officer", person="li", instead_of="zhou", from_at=at("14 08:30"),
                           until_at=at("15 08:30"), reason="学习", actor=SHEN, now=rig.now)
    rig.take(officers((13, "欧阳子华"), (14, "周甲")))
    before = rig.traces()
    with pytest.raises(Conflict, match="替周甲的班"):
        rig.take(officers((13, "周甲"), (14, "欧阳子华")))
    assert rig.traces() == before


def test_two_imports_at_once_leave_one_roster(rig: Rig, at_once: Callable) -> None:
    file = rig.read(officers((13, "周甲"), (14, "李酉")))

    def take() -> RosterSummary:
        with rig.store.write() as session:
            return import_roster(session, file, actor=SHEN, now=rig.now)

    assert sorted(done.added for done in at_once(take, 4)) == [0, 0, 0, 2]
    assert rig.shifts() == ["officer zhou 13 08:30 – 14 08:30", "officer li 14 08:30 – 15 08:30"]


# ── size ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_year_of_60_people_is_imported_whole(rig: Rig) -> None:
    """21,900 rows, with their progress. How long it takes is measured by scripts/bench_roster.py."""
    people = PEOPLE + "".join(f"  - {{key: p{number}, name: 甲{number:02d}, unit: bureau, roles: [duty_officer]}}\n"
                              for number in range(60))
    with rig.store.write() as session:
        import_people(session, read_people(written(rig.folder, people)), actor=SHEN, now=rig.now)
    first = rig.now.date() + timedelta(days=1)
    content = xlsx((*HOURLY, "备注"), *(
        (first + timedelta(days=ahead), "值班员", f"甲{number:02d}", time(8, 30), time(8, 30), "春")
        for ahead in range(365) for number in range(60)))
    told: list[tuple[int, int]] = []
    with rig.store.read() as session:
        everybody = roster.everybody(session)
    file = read_roster(sheet_of("年.xlsx", content), people=everybody, zone=ZONE, handover_time=HANDOVER)
    with rig.store.write() as session:
        done = import_roster(session, file, actor=SHEN, now=rig.now, progress=lambda done, total: told.append((done, total)))
    assert (done.shifts, done.added) == (21_900, 21_900)
    assert told[-1] == (21_900, 21_900)
    assert len(told) > 5
    assert [done for done, _ in told] == sorted({done for done, _ in told})
