"""A rehearsal in lines for a person: one per event, a closing table, and the sum of it. A drill says so on every line.

The verdicts and outcomes keep the words of the scenario file beside the reader's own, so that both can be found.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from rich.cells import cell_len

from incident_clock.phrases import CHINESE, N_, Phrases
from incident_clock.rehearsal import verdicts
from incident_clock.rehearsal.performance import REFUSED, Event
from incident_clock.rehearsal.played import DIFFERS, OCCURRED, OK, Line, Played

DRILL = N_("【演练】")
OUTCOMES = {OK: N_("相符"), DIFFERS: N_("不符")}
HEADINGS = (N_("步骤"), N_("截止"), N_("办结"), N_("判定"), N_("应为"), N_("结果"))
STAND_INS = {  # what came of a leader's silence
    "called": N_("%(leader)s未应答，转B角 → %(stand_in)s"),
    "told_already": N_("%(leader)s未应答，其B角%(stand_in)s在这一级已经催过"),
    "nobody": N_("%(leader)s未应答，没有可转的B角"),
}
GAPS = {  # why one call stands for several
    "late_registration": N_("登记较晚，并入%(passed)s"), "recovered": N_("中断后补催，并入%(passed)s"),
}


class Teller:
    """Writes lines, one at a time. `is_wordy`: under each call also what those people were told."""

    def __init__(self, phrases: Phrases, write: Callable[[str], object], *, is_wordy: bool = False) -> None:
        self._phrases, self._write, self._is_wordy = phrases, write, is_wordy
        self._day: date | None = None
        self._has_seconds = False

    def heading(self, name: str, title: str, *, is_drill: bool) -> None:
        """What is played now."""
        self._day, self._has_seconds = None, False
        mark = self._phrases.say(DRILL)
        self._line(f"═ {name}  {title.removeprefix(mark)}", is_drill=is_drill)

    def event(self, event: Event) -> None:
        """One event, led by its day when that is another than before."""
        say, day = self._phrases.say, event.at.astimezone(self._phrases.zone).date()
        if day != self._day:
            self._day = day
            self._line(f"  {day}", is_drill=event.is_drill)
        self._has_seconds = self._has_seconds or _has_seconds(event.at)
        words = WORDED[event.kind](event, self._phrases)
        if event.step_title:
            words = f"{event.step_title[self._phrases.language]} {words}"
        time = self._phrases.time(event.at, seconds=self._has_seconds)
        self._line(f"  {time}  {words}", is_drill=event.is_drill)
        if self._is_wordy and event.text:
            self._line("         " + say(N_("原文：%(text)s"), text=event.text), is_drill=event.is_drill)

    def closing(self, played: Played) -> None:
        """The closing table and the state of the ledger."""
        for row in _table(played, self._phrases):
            self._line(row, is_drill=played.is_drill)
        say, ledger = self._phrases.say, played.ledger
        if ledger.broken:
            state = say(N_("记录链在第%(sequence)s条断开：%(why)s"), sequence=ledger.broken.sequence,
                        why=ledger.broken.sentence)
        else:
            state = say(N_("记录链%(size)s条，单凭导出文件核验完好；发出提醒%(messages)s条"), size=ledger.size,
                        messages=played.messages)
        self._line(f"  {state}", is_drill=played.is_drill)
        if played.is_interrupted:
            self._line("  " + say(N_("已中止，以上是中止时的情况")), is_drill=played.is_drill)
        self._write("")

    def total(self, all_played: Sequence[Played]) -> None:
        """How many verdicts are as expected, over all that was played."""
        outcomes = [line.outcome for played in all_played for line in played.lines]
        self._write(self._phrases.say(
            N_("共%(scenarios)s个场景：相符 %(ok)s，不符 %(differs)s"), scenarios=len(all_played),
            ok=outcomes.count(OK), differs=outcomes.count(DIFFERS)))

    def _line(self, text: str, *, is_drill: bool) -> None:
        self._write((self._phrases.say(DRILL) if is_drill else "") + text)


# ── one event each ────────────────────────────────────────────────────────────────────────────────────────

def _registered(event: Event, phrases: Phrases) -> str:
    started = datetime.fromisoformat(event.body["clock_started_at"])
    return phrases.say(N_("%(who)s登记 %(number)s，计时起点 %(started)s"), who=event.actor, number=event.number,
                       started=phrases.at(started, seen=event.at))


def _raised(event: Event, phrases: Phrases) -> str:
    body = event.body
    rung = phrases.say(N_("第%(rung)s级"), rung=body["rung"])
    if body["repeat"]:
        rung += phrases.say(N_("（第%(repeat)s次重复）"), repeat=body["repeat"])
    gap = ""
    if body["passed_over"]:
        passed = phrases.names(_passed(over, phrases) for over in body["passed_over"])
        gap = f"（{phrases.say(GAPS[body['reason']], passed=passed)}）"
    return f"{rung}{gap} → {phrases.names(body['audience'])}"


def _passed(over: dict[str, int], phrases: Phrases) -> str:
    if over["last"] == 0:
        return phrases.say(N_("第%(rung)s级"), rung=over["rung"])
    if over["first"] == 0:
        return phrases.say(N_("第%(rung)s级及前%(last)s次重复"), rung=over["rung"], last=over["last"])
    return phrases.say(N_("第%(rung)s级第%(first)s至%(last)s次重复"), **over)


def _stand_in(event: Event, phrases: Phrases) -> str:
    body = event.body
    return phrases.say(STAND_INS[body["reason"]], leader=body["in_place_of"], stand_in=body["person"] or "")


def _passed_deadline(event: Event, phrases: Phrases) -> str:
    return phrases.say(N_("到时没有记录，开始计超时"))


def _logged(event: Event, phrases: Phrases) -> str:
    body = event.body
    word = f"{verdicts.LATE} {body['late_minutes']}" if body["late_minutes"] else verdicts.ONTIME
    late_entry = ""
    if body["is_late_entry"]:
        late_entry = phrases.say(N_("（补录，待核）") if body["is_pending"] else N_("（补录）"))
    done = phrases.at(datetime.fromisoformat(body["done_at"]), seen=event.at)
    return phrases.say(N_("%(who)s记录：%(done)s办结，%(verdict)s"), who=event.actor, done=done,
                       verdict=verdicts.said(word, phrases)) + late_entry


def _told(event: Event, phrases: Phrases) -> str:
    return phrases.say(N_("不再催办 → %(people)s"), people=phrases.names(event.body["audience"]))


def _waived(event: Event, phrases: Phrases) -> str:
    return phrases.say(N_("免开，%(approver)s批准"), approver=event.body["approver"])


def _offered(event: Event, phrases: Phrases) -> str:
    return phrases.say(N_("%(who)s提出移交 → %(unit)s"), who=event.actor, unit=event.body["to"])


def _accepted(event: Event, phrases: Phrases) -> str:
    said = phrases.say(N_("%(who)s接受移交"), who=event.body["accepted_by"])
    more = len(event.body["steps"]) - 1
    return said + (phrases.say(N_("，连同其后%(more)s步"), more=more) if more else "")


def _regraded(event: Event, phrases: Phrases) -> str:
    body = event.body
    waits = phrases.say(N_("（待批准）")) if body["is_pending"] else ""
    return phrases.say(N_("%(who)s改按规则 %(rule)s"), who=event.actor, rule=body["protocol"]["key"]) + waits


def _confirmed(event: Event, phrases: Phrases) -> str:
    return phrases.say(N_("%(who)s核实第%(entry)s条"), who=event.actor, entry=event.body["confirms"])


def _opened(event: Event, phrases: Phrases) -> str:
    due = datetime.fromisoformat(event.body["due_at"])
    return phrases.say(N_("开始计时，%(due)s截止"), due=phrases.at(due, seen=event.at))


def _refused(event: Event, phrases: Phrases) -> str:
    assert event.refusal is not None
    return phrases.say(N_("未被受理：%(why)s"), why=phrases.refusal(event.refusal, seen=event.at))


WORDED: dict[str, Callable[[Event, Phrases], str]] = {
    "IncidentRegistered": _registered, "RungRaised": _raised, "StandInCalled": _stand_in,
    "DeadlinePassed": _passed_deadline, "StepLogged": _logged, "AudienceTold": _told, REFUSED: _refused,
    "StepWaived": _waived, "TransferOffered": _offered, "TransferAccepted": _accepted, "Regraded": _regraded,
    "Confirmed": _confirmed, "FollowUpOpened": _opened, "SecondAsked": _opened,
}


# ── the table ─────────────────────────────────────────────────────────────────────────────────────────────

def _table(played: Played, phrases: Phrases) -> list[str]:
    """The rows, aligned by the width of Chinese characters; a drill has nothing to compare with."""
    rows = [tuple(phrases.say(heading) for heading in HEADINGS)]
    rows += [_row(line, played, phrases) for line in played.lines]
    if not any(line.expected for line in played.lines):
        rows = [row[:4] for row in rows]
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(cell + " " * (width - cell_len(cell))
                             for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(line: Line, played: Played, phrases: Phrases) -> tuple[str, ...]:
    def at(instant: datetime | None) -> str:
        return phrases.at(instant, seen=played.started_at, seconds=_has_seconds(instant)) if instant else "—"

    title = line.title[phrases.language]
    if line.counts_from == OCCURRED:
        title += phrases.say(N_("（事发口径）"))
    return (title, at(line.due_at), at(line.done_at), _both(verdicts.said, line.verdict, phrases), line.expected,
            _both(lambda outcome, phrases: phrases.say(OUTCOMES[outcome]), line.outcome, phrases))


def _both(said: Callable[[str, Phrases], str], word: str, phrases: Phrases) -> str:
    """The fixed word, led by the Chinese one for Chinese readers."""
    return f"{said(word, phrases)} {word}" if word and phrases.language == CHINESE else word


def _has_seconds(at: datetime) -> bool:
    return at.second > 0
