"""Ten people, and files taken into their roster as the command line does it."""

from datetime import datetime, time
from pathlib import Path

from sqlalchemy import func, select

from incident_clock.people import ledger, roster
from incident_clock.people.duty_tables import Shift
from incident_clock.people.importing import import_people, read_people
from incident_clock.people.sheets.complaints import SheetRefused, letters
from incident_clock.people.sheets.reading import read_sheet
from incident_clock.people.sheets.roster_file import RosterFile, read_roster
from incident_clock.people.sheets.roster_importing import RosterSummary, import_roster
from incident_clock.phrases import Phrases
from incident_clock.store.session import Store
from tests.people.files import written
from tests.support.bureau import SHEN, ZONE

HANDOVER = time(8, 30)
PEOPLE = """units: [{key: bureau, name: 云河区综合执法局, short_name: 云河综合执法}]
people:
  - {key: zhou, name: 周甲, unit: bureau, roles: [duty_officer], phone: "+8613800000001"}
  - {key: li, name: 李酉, unit: bureau, roles: [duty_officer], phone: "+8613800000002"}
  - {key: ouyang, name: 欧阳子华, unit: bureau, roles: [duty_officer], phone: "+8613800000003"}
  - {key: wu, name: 吴乙, unit: bureau, roles: [duty_chief], phone: "+8613800000004"}
  - {key: qin, name: 秦寅, unit: bureau, roles: [duty_chief], phone: "+8613800000005"}
  - {key: zheng, name: 郑丙, unit: bureau, roles: [duty_leader], phone: "+8613800000006"}
  - {key: wang, name: 王丁, unit: bureau, roles: [duty_officer], phone: "+8613800000007"}
  - {key: wang2, name: 王丁, unit: bureau, roles: [duty_officer, duty_chief], phone: "+8613800000008"}
  - {key: smith, name: John Smith, unit: bureau, roles: [duty_officer], phone: "+8613800000009", language: en}
  - {key: feng, name: 冯戊, unit: bureau, roles: [head], phone: "+861012345678"}
"""

Complaint = tuple[int, str, str]  # row, letter of the column, sentence


class Rig:
    """A database with these people. `now` is 12 March 2026, 14:05, unless it is set."""

    def __init__(self, store: Store, folder: Path, now: datetime) -> None:
        self.store, self.folder, self.now = store, folder, now
        with store.write() as session:
            import_people(session, read_people(written(folder, PEOPLE)), actor=SHEN, now=now)

    def read(self, content: bytes, name: str = "值班表.csv") -> RosterFile:
        path = self.folder / name
        path.write_bytes(content)
        sheet = read_sheet(path)
        with self.store.read() as session:
            return read_roster(sheet, people=roster.everybody(session), zone=ZONE, handover_time=HANDOVER)

    def take(self, content: bytes, name: str = "值班表.csv") -> RosterSummary:
        file = self.read(content, name)
        with self.store.write() as session:
            return import_roster(session, file, actor=SHEN, now=self.now)

    def complaints(self, content: bytes, name: str = "值班表.csv") -> list[Complaint]:
        """What a refused file is told, in Chinese."""
        try:
            self.take(content, name)
        except SheetRefused as refused:
            words = Phrases("zh", ZONE)
            sentences = [words.refusal(each, seen=self.now) for each in refused.refusals]
            return [(complaint.row, letters(complaint.column), sentence)
                    for complaint, sentence in zip(refused.complaints, sentences, strict=False)]
        raise AssertionError("the file was taken")

    def shifts(self) -> list[str]:
        """`officer zhou 12 08:30 – 13 08:30`, those that hold, in order."""
        with self.store.read() as session:
            rows = session.scalars(select(Shift).where(Shift.removed_at.is_(None))
                                   .order_by(Shift.from_at, Shift.role, Shift.person, Shift.until_at))
            return [f"{row.role.removeprefix('duty_')} {row.person} {row.from_at.astimezone(ZONE):%d %H:%M} – "
                    f"{row.until_at.astimezone(ZONE):%d %H:%M}" for row in rows]

    def traces(self) -> tuple[int, int]:
        """How many rows the roster has, removed ones too, and how many entries the ledger."""
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(Shift)), len(ledger.links(session))


def read_back(file: RosterFile) -> list[str]:
    """`officer zhou 12 08:30 – 13 08:30` of every shift, in the order of the file."""
    return [f"{entry.role.removeprefix('duty_')} {entry.person} {entry.from_at.astimezone(ZONE):%d %H:%M} – "
            f"{entry.until_at.astimezone(ZONE):%d %H:%M}" for entry in file.entries]
