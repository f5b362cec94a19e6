"""An exported roster is read back into the very same shifts, and opens in a spreadsheet without running anything."""

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import delete

from incident_clock.people import roster
from incident_clock.people.duty_tables import Shift
from incident_clock.people.importing import import_people, read_people
from incident_clock.people.sheets.reading import sheet_of
from incident_clock.people.sheets.roster_exporting import Rows, csv_of, roster_rows, xlsx_of
from incident_clock.people.sheets.roster_file import read_roster
from incident_clock.store.session import Store
from tests.people.files import written
from tests.people.roster_rig import HANDOVER, PEOPLE, Rig
from tests.support.bureau import SHEN, ZONE

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
KEYS = {"duty_officer": ("zhou", "li", "wang", "wang2", "smith"), "duty_chief": ("wu", "qin", "wang2"), "duty_leader": ("zheng",)}

Span = tuple[str, str, datetime, datetime]


@pytest.fixture
def rig(sqlite_store: Store, tmp_path: Path, now: datetime) -> Rig:
    return Rig(sqlite_store, tmp_path, now)


def put(rig: Rig, spans: list[Span]) -> None:
    with rig.store.write() as session:
        session.execute(delete(Shift))
        session.add_all(Shift(role=role, person=person, from_at=from_at, until_at=until_at)
                        for role, person, from_at, until_at in spans)


def rows(rig: Rig, language: str = "zh") -> Rows:
    with rig.store.read() as session:
        return roster_rows(session, first=FIRST, last=LAST, zone=ZONE, language=language)


def read_back(rig: Rig, name: str, content: bytes) -> list[Span]:
    with rig.store.read() as session:
        file = read_roster(sheet_of(name, content), people=roster.everybody(session), zone=ZONE, handover_time=HANDOVER)
    return sorted((entry.role, entry.person, entry.from_at, entry.until_at) for entry in file.entries)


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Shifts one after another for each person in each role, with odd seconds here and there."""
    found: list[Span] = []
    for role, keys in KEYS.items():
        for key in keys:
            at = datetime(2026, 3, 1, tzinfo=ZONE)
            for _ in range(draw(st.integers(0, 4))):
                at += draw(st.sampled_from([timedelta(), timedelta(minutes=30), timedelta(hours=8, minutes=30), timedelta(seconds=7),
                                            timedelta(microseconds=1), timedelta(days=1)]))
                until = at + draw(st.sampled_from([timedelta(hours=12), timedelta(days=1), timedelta(days=7), timedelta(hours=15, minutes=30),
                                                   timedelta(seconds=1), timedelta(hours=23, seconds=59)]))
                found.append((role, key, at, until))
                at = until
    return found


@settings(max_examples=60)
@given(planned=spans())
def test_every_roster_comes_back_as_it_was(planned: list[Span], rig_of_session: Rig) -> None:
    put(rig_of_session, planned)
    if not planned:
        return
    for language in ("zh", "en"):
        content = rows(rig_of_session, language)
        assert read_back(rig_of_session, "a.csv", csv_of(content)) == sorted(planned)
    assert read_back(rig_of_session, "a.xlsx", xlsx_of(rows(rig_of_session))) == sorted(planned)


@pytest.fixture(scope="module")
def rig_of_session(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """One database for all examples: `put` empties the roster first."""
    folder = tmp_path_factory.mktemp("exporting")
    (folder / "a.db").write_bytes(sqlite_template.read_bytes())
    return Rig(Store(f"sqlite:///{folder / 'a.db'}", is_durable=False), folder, datetime(2026, 3, 12, 14, 5, tzinfo=ZONE))


def at(text: str) -> datetime:
    return datetime.strptime(f"2026-03-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


def test_an_end_carries_its_day_only_where_the_clock_alone_would_mislead(rig: Rig) -> None:
    put(rig, [("duty_officer", "zhou", at("12 08:30"), at("13 08:30")), ("duty_officer", "li", at("13 08:30"), at("15 08:30")),
              ("duty_chief", "wu", at("12 08:30"), at("13 00:00")), ("duty_leader", "zheng", at("12 08:30"), at("12 20:30"))])
    assert rows(rig) == [
        ("日期", "岗位", "姓名", "编号", "开始", "结束"),
        ("2026-03-12", "值班员", "周甲", "zhou", "08:30", "08:30"), ("2026-03-12", "值班长", "吴乙", "wu", "08:30", "00:00"),
        ("2026-03-12", "带班领导", "郑丙", "zheng", "08:30", "20:30"),
        ("2026-03-13", "值班员", "李酉", "li", "08:30", "2026-03-15 08:30")]


def test_only_shifts_that_begin_within_the_days_and_still_hold_are_exported(rig: Rig, now: datetime) -> None:
    put(rig, [("duty_officer", "zhou", at("10 08:30"), at("11 08:30")), ("duty_officer", "li", at("11 00:00"), at("11 12:00")),
              ("duty_officer", "wang", at("12 23:59"), at("13 08:30")), ("duty_officer", "smith", at("13 00:00"), at("13 08:30"))])
    with rig.store.write() as session:
        session.add(Shift(role="duty_chief", person="wu", from_at=at("11 08:30"), until_at=at("12 08:30"), removed_at=now))
    with rig.store.read() as session:
        found = roster_rows(session, first=date(2026, 3, 11), last=date(2026, 3, 12), zone=ZONE)
    assert [row[3] for row in found[1:]] == ["li", "wang"]


def test_what_is_imported_from_an_export_changes_nothing(rig: Rig) -> None:
    put(rig, [("duty_officer", "zhou", at("12 08:30"), at("13 08:30")), ("duty_officer", "wang2", at("13 08:30"), at("15 08:30"))])
    done = rig.take(xlsx_of(rows(rig)), "值班表.xlsx")
    assert (done.added, done.replaced) == (0, 0)


def test_a_name_that_looks_like_a_formula_is_written_as_text_and_read_back(rig: Rig) -> None:
    wild = PEOPLE.replace("name: 周甲", 'name: "=HYPERLINK(1)"').replace("name: 李酉", 'name: "@李酉"')
    with rig.store.write() as session:
        import_people(session, read_people(written(rig.folder, wild)), actor=SHEN, now=rig.now)
    planned = [("duty_officer", "li", at("12 08:30"), at("13 08:30")), ("duty_officer", "zhou", at("12 08:30"), at("13 08:30"))]
    put(rig, planned)
    made = rows(rig)
    assert {row[2] for row in csv.reader(io.StringIO(csv_of(made).decode("utf-8-sig")))} == {"姓名", "'=HYPERLINK(1)", "'@李酉"}
    sheet = load_workbook(io.BytesIO(xlsx_of(made))).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert read_back(rig, "a.csv", csv_of(made)) == read_back(rig, "a.xlsx", xlsx_of(made)) == sorted(planned)


def test_a_text_file_says_that_it_is_utf_8_and_no_number_leaves_the_house(rig: Rig) -> None:
    put(rig, [("duty_officer", "zhou", at("12 08:30"), at("13 08:30"))])
    assert csv_of(rows(rig)).startswith(b"\xef\xbb\xbf")
    assert b"1380000" not in csv_of(rows(rig))
