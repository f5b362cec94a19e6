"""Numbers of incidents: `2026-0037` by registration year, drills `Y2026-0005`, without gaps.

The counter's row is locked until the registration commits, so a number that was not used is given again.
"""

from sqlalchemy import update
from sqlalchemy.orm import Session

from incident_clock.registry.tables import NumberSeries
from incident_clock.store.writing import insert_new

INCIDENTS, DRILLS = "incident", "drill"


def next_number(session: Session, *, year: int, is_drill: bool) -> str:
    """The next number of this year's series."""
    series = DRILLS if is_drill else INCIDENTS
    insert_new(session, NumberSeries, [{"series": series, "year": year, "last": 0}])
    last = session.scalar(
        update(NumberSeries).where(NumberSeries.series == series, NumberSeries.year == year)
        .values(last=NumberSeries.last + 1).returning(NumberSeries.last))
    return f"{'Y' if is_drill else ''}{year}-{last:04d}"


def spoken(number: str) -> str:
    """How a number is said and stands in SMS: `037`, `Y05`."""
    ordinal = int(number.rpartition("-")[2])
    return f"Y{ordinal:02d}" if number.startswith("Y") else f"{ordinal:03d}"
