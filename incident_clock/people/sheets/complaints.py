"""What is wrong with a sheet, collected until all of it is known: every complaint names its row and column.

The sentences are Chinese first and read in the reader's language, on the page as on the command line. None repeats
a telephone number or an e-mail address.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from incident_clock.channels.masking import mask_address
from incident_clock.errors import Invalid, Refusals
from incident_clock.phrases import CHINESE, LANGUAGES, N_, catalogue

MOST_TOLD = 100  # complaints; how many more there are is said
LONGEST_QUOTE = 40  # characters of a cell that a complaint repeats

CELL = N_("第%(row)s行 %(column)s列（%(heading)s）")
BARE_CELL = N_("第%(row)s行 %(column)s列")
ROW = N_("第%(row)s行")


class InBoth(dict[str, str]):
    """A text in every language; printed in the first."""

    def __str__(self) -> str:
        return self[CHINESE]


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one cell. `row` and `column` count from 1 as the sheet shows them.

    `column` 0: the row as a whole; `row` 0: the file as a whole. `phrase` is a message id that begins with `%(cell)s：`
    unless it is about the whole file; `params` fill its other places. `heading`: what stands above the column.
    """

    row: int
    column: int
    phrase: str
    params: Mapping[str, object] = field(default_factory=dict)
    heading: str = ""

    def refusal(self) -> Invalid:
        if not self.row:
            return Invalid(self.phrase, field=None, **self.params)
        return Invalid(self.phrase, field=None, cell=self._place(), **self.params)

    def _place(self) -> InBoth:
        place = ROW if not self.column else CELL if self.heading else BARE_CELL
        named = {"row": self.row, "column": letters(self.column), "heading": self.heading}
        return InBoth({language: catalogue(language).get(place, place) % named for language in LANGUAGES})


class SheetRefused(Refusals):
    """A sheet that cannot be taken as it is, with everything that is wrong with it. Nothing was written.

    `complaints` are all of them in the order of the sheet; `refusals`, which page and command line print, at most
    MOST_TOLD and one that says how many more.
    """

    def __init__(self, complaints: Collection[Complaint]) -> None:
        self.complaints = tuple(sorted(complaints, key=lambda complaint: (complaint.row, complaint.column)))
        told: list[Invalid] = [complaint.refusal() for complaint in self.complaints[:MOST_TOLD]]
        if len(self.complaints) > MOST_TOLD:
            told.append(Invalid(N_("另有%(more)s处没有列出。改好上面这些再导入一次，就会列出其余的"),
                                more=len(self.complaints) - MOST_TOLD))
        super().__init__(told)


def refused(phrase: str, **params: object) -> SheetRefused:
    """One complaint about the file as a whole."""
    return SheetRefused([Complaint(0, 0, phrase, params)])


def letters(column: int) -> str:
    """1 → A, 28 → AB; empty for 0."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def quoted(text: str) -> str:
    """A foreign text, shortened, on one line, and without the numbers and addresses that may have slipped into it."""
    line = mask_address(" ".join(text.split()))
    return line if len(line) <= LONGEST_QUOTE else line[:LONGEST_QUOTE] + "…"


def listed(words: Iterable[str]) -> InBoth:
    """Words of a file, which are never translated, as one text."""
    words = list(words)
    return InBoth({language: ("、" if language == CHINESE else ", ").join(words) for language in LANGUAGES})
