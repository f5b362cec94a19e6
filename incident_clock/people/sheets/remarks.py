"""Complaints about a sheet while it is read: cells are read here, and what is wrong with them is kept."""

from collections.abc import Callable
from typing import TypeVar

from incident_clock.people.sheets.cells import Wrong
from incident_clock.people.sheets.complaints import Complaint
from incident_clock.people.sheets.reading import Sheet, SheetRow
from incident_clock.phrases import N_

EMPTY = N_("%(cell)s：没有填")

Value = TypeVar("Value")


class Remarks:
    """What is wrong with one sheet, so far."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.complaints: list[Complaint] = []

    def add(self, row: int, column: int, phrase: str, **params: object) -> None:
        """A complaint about a cell (`column` 0: the row)."""
        self.complaints.append(self.sheet.complaint(row, column, phrase, **params))

    def read(self, row: SheetRow, column: int, read: Callable[[str], Value | Wrong], *,
             empty: str = EMPTY) -> Value | None:
        """What a cell means; None when it is empty or wrong, which is kept as a complaint."""
        written = row.cell(column)
        value = read(written) if written else Wrong(empty, {})
        if isinstance(value, Wrong):
            self.add(row.number, column, value.phrase, **value.params)
            return None
        return value

    def refuse(self) -> None:
        """Raises SheetRefused unless there is nothing to say."""
        self.sheet.refuse(self.complaints)
