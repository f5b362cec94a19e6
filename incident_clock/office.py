"""Every change of directory and roster, as one transaction each, guarded: none may leave a rung empty.

The verbs stand in `people/`; web and command line hand them in. What an edit would leave without anybody is named
with its day and rung, and nothing is written.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from incident_clock.errors import Conflict
from incident_clock.ledger.fact import Actor
from incident_clock.people import roster
from incident_clock.people.readiness import Gap, gaps
from incident_clock.people.sheets.reading import Progress
from incident_clock.people.sheets.roster_file import RosterFile
from incident_clock.people.sheets.roster_importing import RosterSummary, import_roster
from incident_clock.phrases import N_
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.store.session import Store

LOOK_AHEAD = timedelta(days=14)  # how far the readiness board looks

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Office:
    """Edits, bound to a database, the rules whose rungs must reach somebody, and the channels switched on."""

    store: Store
    protocols: Mapping[str, ResponseProtocol]
    channels: Callable[[Session], Collection[str]]
    zone: ZoneInfo

    def change(self, edit: Callable[[Session], Done], *, now: datetime, until: datetime | None = None) -> Done:
        """Carry out `edit`. `until`: how far ahead it must not tear a hole; None: as far as the board looks.

        Raises what `edit` raises, and Conflict for a rung it would leave empty that was not empty before.
        """
        until = until or now + LOOK_AHEAD
        with self.store.write() as session:
            before = self._gaps(session, now, until)
            done = edit(session)
            session.flush()
            torn = next((gap for gap in self._gaps(session, now, until) if not _was_empty(gap, before)), None)
            if torn is not None:
                raise Conflict(
                    N_("这样改会从 %(since)s 起让“%(step)s”第%(rung)s级催不到人（%(roles)s），没有保存。"
                       "请先安排好接替的人"),
                    since=f"{torn.from_at.astimezone(self.zone):%Y-%m-%d %H:%M}", step=torn.step_title,
                    rung=torn.rung, roles=list(torn.role_titles))
        return done

    def take_roster(self, file: RosterFile, *, actor: Actor, now: datetime,
                    progress: Progress | None = None) -> RosterSummary:
        """Make the roster say what a file says. Only a hole within the file's own span is refused: what comes after it
        is not planned yet, which the readiness board shows. Raises Conflict."""
        return self.change(lambda session: import_roster(session, file, actor=actor, now=now, progress=progress),
                           now=now, until=file.until_at)

    def _gaps(self, session: Session, now: datetime, until: datetime) -> tuple[Gap, ...]:
        with Session(session.connection()) as fresh:  # sees what was written, whatever the edit's own session remembers
            channels = self.channels(fresh)
            if roster.is_empty(fresh) or not channels:
                return ()
            found = gaps(roster.duty_book(fresh, now, until), self.protocols.values(), channels=channels, since=now,
                         until=until)
        return tuple(gap for gap in found if gap.is_empty)


def _was_empty(gap: Gap, before: tuple[Gap, ...]) -> bool:
    """Whether the rung stood as empty over that whole span already."""
    same = sorted((g for g in before if (g.protocol, g.step, g.rung) == (gap.protocol, gap.step, gap.rung)),
                  key=lambda g: g.from_at)
    covered = gap.from_at
    for one in same:
        if one.from_at <= covered < one.until_at:
            covered = one.until_at
    return covered >= gap.until_at
