"""Measures how long a year's roster of 60 people takes, from the bytes of a workbook to the committed rows.

    .venv/bin/python scripts/bench_roster.py [sqlite|postgresql+psycopg://user:password@host/empty_database]

Two sheets are made and imported, each twice, into a throw-away database: LONG with 60 shifts a day (21,900 rows), and
WIDE with three people a day (365 rows). Without an argument the database is a SQLite file. The limit is 3 s.
"""

import io
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from sqlalchemy.orm import Session

from incident_clock.channels.catalog import CATALOG
from incident_clock.ledger.fact import Actor
from incident_clock.office import Office
from incident_clock.people import roster
from incident_clock.people.cards import MOBILE, Contact, PersonCard
from incident_clock.people.importing import PeopleFile, import_people
from incident_clock.people.people_file import UnitCard
from incident_clock.people.sheets.reading import sheet_of
from incident_clock.people.sheets.roster_file import read_roster
from incident_clock.people.sheets.roster_importing import RosterSummary, import_roster
from incident_clock.protocol.loading import load_protocols
from incident_clock.settings import ROOT
from incident_clock.store.migrating import upgrade
from incident_clock.store.session import Store

ZONE, HANDOVER = ZoneInfo("Asia/Shanghai"), time(8, 30)
NOW = datetime(2026, 3, 31, 6, 5, tzinfo=UTC)
DAYS = [date(2026, 4, 1) + timedelta(days=ahead) for ahead in range(365)]
TITLES = ("值班员", "值班长", "带班领导")
ROLES = ("duty_officer", "duty_chief", "duty_leader")
ACTOR = Actor("测量", "operator", "bench")
NAMES = [f"甲{number:02d}" for number in range(60)]


def main(url: str) -> None:
    store = Store(url)
    upgrade(store)
    for name, rows in (("long.xlsx", list(long_rows())), ("wide.xlsx", list(wide_rows()))):
        with store.write() as session:
            import_people(session, people(), actor=ACTOR, now=NOW)
        content = workbook(rows)
        for turn in ("first", "again"):
            measure(store, name, content, turn)


def measure(store: Store, name: str, content: bytes, turn: str) -> None:
    rules = load_protocols(ROOT / "config/protocols/district-emergency.yaml", ROOT / "config/protocols",
                           known_channels=tuple(CATALOG))
    office = Office(store, rules, lambda session: ("sms",), ZONE)
    marks, begun_cpu = [("", perf_counter())], process_time()
    sheet = sheet_of(name, content)
    marks.append(("parse", perf_counter()))
    with store.read() as session:
        file = read_roster(sheet, people=roster.everybody(session), zone=ZONE, handover_time=HANDOVER)
    marks.append(("check rows", perf_counter()))
    written = 0.0

    def edit(session: Session) -> RosterSummary:
        nonlocal written
        begun = perf_counter()
        done = import_roster(session, file, actor=ACTOR, now=NOW)
        written = perf_counter() - begun
        return done

    done = office.change(edit, now=NOW, until=file.until_at)
    marks.append(("write, and look for gaps", perf_counter()))
    parts = ", ".join(f"{what} {at - before:.2f} s" for (_, before), (what, at) in pairwise(marks))
    print(f"{store.url.get_backend_name()} {name} {turn}: {len(sheet.rows)} rows, {done.shifts} shifts, "
          f"{done.added} added: {marks[-1][1] - marks[0][1]:.2f} s ({parts}, of which write {written:.2f} s); "
          f"processor time {process_time() - begun_cpu:.2f} s")


def people() -> PeopleFile:
    cards = [PersonCard(f"p{number}", name, "bureau", ROLES, (Contact(MOBILE, f"+861380000{number:04d}"),), None, "zh")
             for number, name in enumerate(NAMES)]
    others = [PersonCard(role, role, "bureau", (role,), (Contact(MOBILE, "+8613800009999"),), None, "zh")
              for role in ("publicity_chief", "deputy", "head")]
    return PeopleFile("bench", False, (UnitCard("bureau", "局", None, None),), (*cards, *others))


def long_rows() -> Iterator[list[object]]:
    yield ["日期", "岗位", "姓名", "开始", "结束", "电话"]
    for day in DAYS:
        for number, name in enumerate(NAMES):
            yield [datetime.combine(day, time()), TITLES[number % 3], name, time(8, 30), time(8, 30),
                   13_800_000_000 + number]


def wide_rows() -> Iterator[list[object]]:
    yield ["日期", *TITLES]
    for ahead, day in enumerate(DAYS):
        yield [datetime.combine(day, time()), *(NAMES[(ahead + third * 20) % 60] for third in range(3))]


def workbook(rows: list[list[object]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("值班表")
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] != "sqlite":
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(f"sqlite:///{Path(folder) / 'bench.db'}")
