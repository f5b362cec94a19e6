"""Reads protocol files: one rule as YAML into a `ResponseProtocol`, with every complaint at once.

`config/protocols/district-emergency.yaml` explains the fields to the people who edit such a file. Walking the
file and its lines is `yaml_tree.py`, durations are `durations.py`.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from incident_clock.protocol.complaints import Complaints, refuse
from incident_clock.protocol.durations import LONGEST, read_duration, written_as
from incident_clock.protocol.follow_up_file import LONGEST_TITLE, read_follow_ups, read_title
from incident_clock.protocol.steps import (
    AFTER,
    ANCHORS,
    BEFORE_DUE,
    CLOCK_STARTS,
    EVIDENCE_KINDS,
    ROLES,
    Repeat,
    ResponseProtocol,
    Rung,
    Step,
)
from incident_clock.protocol.yaml_tree import Place, read_tree

KEY = "[a-z0-9][a-z0-9_-]*"
LONGEST_KEY, LONGEST_VERSION, LONGEST_SOURCE = 60, 40, 200  # characters
MOST_TIMES = 1_000  # calls of one repeat that has an end
ANSWERS, MOST_ANSWERS = ("any", "all"), 50

EXAMPLE_STEPS = "`- {key: phone_report, title: {…}, within: 20m, ladder: […]}`"
EXAMPLE_LADDER = "`- {before_due: 10m, tell: [duty_officer]}`"
EXAMPLE_RECIPIENTS = "[区总值班室]"
EXAMPLE_TELL = "[duty_officer, duty_chief]"
EXAMPLE_BY = "[sms, email]"
EXAMPLE_REPEAT = "[{every: 5m, times: 3}, {every: 30m}]"


def load_protocol(path: Path, *, known_channels: Collection[str] | None = None) -> ResponseProtocol:
    """The rule written in the file. `known_channels` None: any well-formed channel name is taken in `by`.

    Raises ConfigError with every complaint as `file:line: path.to.field: what is wrong; what to write instead`.
    """
    complaints = Complaints(path)
    protocol = _protocol(read_tree(complaints), known_channels)
    refuse([complaints])
    return protocol


def load_protocols(default_path: Path, folder: Path, *,
                   known_channels: Collection[str] | None = None) -> dict[str, ResponseProtocol]:
    """Key → rule: the default file first, then every `*.yaml` and `*.yml` of the folder in the order of their names.

    The default file wins over one of the folder with the same key: it was named on purpose. Two different rules
    with one key inside the folder are refused. Raises ConfigError with the complaints about all files.
    """
    complaints = [Complaints(folder), Complaints(default_path)]
    further: dict[str, tuple[Path, ResponseProtocol]] = {}
    for file in _protocol_files(complaints[0]):
        complaints.append(Complaints(file))
        place = read_tree(complaints[-1])
        protocol = _protocol(place, known_channels)
        if complaints[-1].lines:
            continue
        first, same_key = further.setdefault(protocol.key, (file, protocol))
        if same_key != protocol:
            place.complain(f"has the key {protocol.key} of {first.name} but other content; "
                           "give one of the two another key")
    default = _protocol(read_tree(complaints[1]), known_channels)
    refuse(complaints)
    return {default.key: default} | {key: protocol for key, (_, protocol) in further.items() if key != default.key}


def warnings_of(protocol: ResponseProtocol) -> list[str]:
    """What is allowed but can leave people untold, one sentence each, for `check`."""
    warnings = []
    for step in protocol.steps:
        here, last = f"Protocol {protocol.key}, step {step.key}", step.ladder[-1]
        if last.from_start(step.within) <= step.within:
            warnings.append(f"{here}: no rung stands after the deadline, so nobody hears that it has passed; "
                            "add one with overdue_by.")
        if not last.repeats or last.repeats[-1].times is not None:
            calls = 1 + sum(repeat.times or 0 for repeat in last.repeats)
            warnings.append(f"{here}: the last rung falls silent after {calls} call{'s' if calls > 1 else ''} although "
                            "nothing is logged; end its repeat with an entry without times, like {every: 30m}.")
    return warnings


def _protocol_files(complaints: Complaints) -> list[Path]:
    folder = complaints.file
    try:
        return sorted(file for file in folder.iterdir()
                      if file.suffix in (".yaml", ".yml") and not file.name.startswith("."))
    except (OSError, ValueError) as error:
        complaints.add(1, f"cannot be read as a folder: {getattr(error, 'strerror', None) or error}; "
                       "make it, or name another one with INCIDENT_CLOCK_PROTOCOLS")
        return []


def _protocol(place: Place, known_channels: Collection[str] | None) -> ResponseProtocol:
    """What stands at `place`, with empty values where it was complained about."""
    fields = place.fields(required=("key", "version", "title", "steps"),
                          optional=("source", "clock_starts_at", "follow_ups"))
    steps = _steps(fields["steps"], known_channels)
    return ResponseProtocol(
        key=fields["key"].text(longest=LONGEST_KEY, pattern=KEY, example="district-emergency"),
        version=fields["version"].text(longest=LONGEST_VERSION, example='"2019-2"'),
        title=read_title(fields["title"]),
        source=fields["source"].text(longest=LONGEST_SOURCE, example="台综执字〔2019〕2号"),
        clock_starts_at=fields["clock_starts_at"].choice(CLOCK_STARTS, noun="start of the clock") or CLOCK_STARTS[0],
        steps=steps,
        follow_ups=read_follow_ups(fields["follow_ups"], steps, lambda item: _rung(item, None, known_channels)),
    )


def _steps(place: Place, known_channels: Collection[str] | None) -> tuple[Step, ...]:
    line_of: dict[str, int] = {}
    steps = []
    for item in place.items(example=EXAMPLE_STEPS):
        fields = item.fields(required=("key", "title", "within", "ladder"), optional=("evidence", "recipients"))
        key = fields["key"].text(longest=LONGEST_KEY, pattern=KEY, example="phone_report")
        if key in line_of:
            fields["key"].complain(f"{key} is the key of the step on line {line_of[key]} already; choose another one")
        elif key:
            line_of[key] = fields["key"].line
        within = read_duration(fields["within"])
        steps.append(Step(
            key=key, title=read_title(fields["title"]), within=within or timedelta(0),
            evidence=fields["evidence"].choice(EVIDENCE_KINDS, noun="kind of evidence") or "note",
            ladder=_ladder(fields["ladder"], within, known_channels), **_recipients(fields["recipients"])))
    return tuple(steps)


def _recipients(place: Place) -> dict[str, tuple[str, ...]]:
    """Who must be reached before a call completes the step (`required`), and who is to hear of it besides (`also`)."""
    if place.is_absent:
        return {}
    fields = place.fields(required=(), optional=("required", "also"))
    return {name: tuple(item.text(longest=LONGEST_TITLE, example="区总值班室")
                        for item in (() if each.is_absent else each.items(example=EXAMPLE_RECIPIENTS)))
            for name, each in fields.items()}


def _ladder(place: Place, within: timedelta | None, known_channels: Collection[str] | None) -> tuple[Rung, ...]:
    """Numbered from 1 in the order of the instants; rungs of one instant keep the order of the file."""
    rungs = [_rung(item, within, known_channels) for item in place.items(example=EXAMPLE_LADDER)]
    rungs.sort(key=lambda rung: rung.from_start(within or timedelta(0)))
    return tuple(replace(rung, number=number) for number, rung in enumerate(rungs, start=1))


def _rung(place: Place, within: timedelta | None, known_channels: Collection[str] | None) -> Rung:
    fields = place.fields(required=("tell",), optional=(*ANCHORS, "by", "repeat", "answers"))
    offsets = {name: read_duration(fields[name], may_be_zero=True) for name in ANCHORS if not fields[name].is_absent}
    if len(offsets) != 1 and place.is_mapping:
        place.complain(f"has {' and '.join(offsets) or 'no instant'}; write exactly one of {', '.join(ANCHORS)}")
    before = offsets.get(BEFORE_DUE)
    if before is not None and within is not None and before > within:
        fields[BEFORE_DUE].complain(f"{written_as(before)} before the deadline lies before the clock starts; "
                                    f"write at most {written_as(within)}")
    anchor, offset = next(iter(offsets.items()), (AFTER, None))
    return Rung(
        number=0, anchor=anchor, offset=offset or timedelta(0),
        tell=_words(fields["tell"], ROLES, noun="role", example=EXAMPLE_TELL),
        by=None if fields["by"].is_absent else _words(fields["by"], known_channels, noun="channel",
                                                      example=EXAMPLE_BY),
        repeats=_repeats(fields["repeat"]), answers=_answers(fields["answers"]))


def _answers(place: Place) -> str | int | None:
    """How many must acknowledge: `all`, `any` or a whole number; left out means all."""
    if place.is_absent:
        return None
    if place.scalar() in ANSWERS:
        return place.scalar()
    if not place.scalar().isdecimal():
        place.complain(f"is {place.quoted()}; write any, all, or how many of those told must acknowledge, like 2")
        return None
    return place.whole_number(least=1, most=MOST_ANSWERS)


def _words(place: Place, known: Collection[str] | None, *, noun: str, example: str) -> tuple[str, ...]:
    """A list of different words; `known` None takes any that is well formed."""
    words: list[str] = []
    for item in place.items(example=example):
        word = (item.choice(known, noun=noun) if known
                else item.text(longest=LONGEST_KEY, pattern=KEY, example=example))
        if word in words:
            item.complain(f"{word} stands in this list a second time; remove it")
        elif word:
            words.append(word)
    return tuple(words)


def _repeats(place: Place) -> tuple[Repeat, ...]:
    repeats: list[Repeat] = []
    for item in place.items(example=EXAMPLE_REPEAT):
        if repeats and repeats[-1].times is None:
            item.complain("is never reached, because the repeat before it has no end; give that one `times`")
        fields = item.fields(required=("every",), optional=("times",))
        every = read_duration(fields["every"]) or timedelta(0)
        times = None if fields["times"].is_absent else fields["times"].whole_number(least=1, most=MOST_TIMES)
        repeats.append(Repeat(every=every, times=times))
    if sum((repeat.every * (repeat.times or 0) for repeat in repeats), timedelta(0)) > LONGEST:
        place.complain(f"goes on for longer than {written_as(LONGEST)} before it ends; write fewer times, "
                       "or leave times out so that it never ends")
    return tuple(repeats)
