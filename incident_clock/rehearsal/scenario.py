"""Reads scenario files: incidents as they went, with the verdict each step is expected to end with.

The shape is described in `docs/interface.md`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from incident_clock.errors import Refusals
from incident_clock.phrases import ENGLISH, Phrases
from incident_clock.protocol.complaints import Complaints, closest, refuse
from incident_clock.protocol.durations import written_as
from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.protocol.yaml_tree import Place, read_tree
from incident_clock.registry.drafts import NewIncident, checked_incident
from incident_clock.rehearsal import verdicts
from incident_clock.rehearsal.stage import Setting

SHORT_NAMES = {"phone": "phone_report", "initial": "preliminary_report", "detailed": "detailed_report",
               "release": "release", "press": "press_conference", "response": "response"}
APPROVED = ("waived", "transferred", "not_applicable")  # ends of a step that need an approver
PROSE = ("gloss", "test")
FACTS = {  # key of the file → field of a registration
    "title": "title", "place": "place", "source": "source", "discovered": "first_learned_by", "facts": "summary",
    "category": "category", "event_grade": "event_grade", "opinion_grade": "opinion_grade"}
TIMES = {"received": "received_at", "occurred": "occurred_at", "online": "first_online_at"}
ID = r"\w[\w.-]*"  # also the name of an exported file
REQUIRED = ("id", "title", "received")
OPTIONAL = (*(key for key in (*FACTS, *TIMES) if key not in REQUIRED), "registered", "protocol", "drill", "done",
            "entered", "wrong", *APPROVED, "profile_after", "exp", "exp_occurred", *PROSE)

EXAMPLE_SCENARIO = "`- {id: S01, title: …, received: 2026-04-18 21:40, done: {…}, exp: {…}}`"
EXAMPLE_TIME = "2026-04-18 21:40"
EXAMPLE_STEPS = "`{phone: …, initial: …}`"
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # stands in for a time that was complained about
MOST_MINUTES = 366 * 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One incident as it went. Steps stand under their full keys, expected verdicts as words of `verdicts`.

    `entered` lacks the steps that were keyed in when they were done; `reason` is what the officer gives for an
    entry that needs one. `waived`, `transferred` and `not_applicable` say when that was approved or accepted,
    `profile_after` the rule from then on. A first online time later than the registration is not part of `new`:
    nobody knew it then.
    """

    id: str
    file: Path
    new: NewIncident
    registered_at: datetime
    protocol: str
    done: dict[str, datetime]
    entered: dict[str, datetime]
    reason: str | None
    waived: dict[str, datetime]
    transferred: dict[str, datetime]
    not_applicable: dict[str, datetime]
    profile_after: str | None
    expected: dict[str, str]
    expected_occurred: dict[str, str]


def read_scenarios(paths: Sequence[Path], setting: Setting) -> list[Scenario]:
    """The scenarios of all files, in their order. Raises ConfigError with every complaint as `file:line: path: …`."""
    complaints, scenarios = [Complaints(path) for path in paths], []
    for about in complaints:
        root = read_tree(about)
        listed = root
        if root.is_mapping:
            fields = root.fields(required=("scenarios",), optional=("limits",))
            _check_limits(fields["limits"], setting)
            listed = fields["scenarios"]
        line_of: dict[str, int] = {}
        for place in listed.items(example=EXAMPLE_SCENARIO):
            scenario = _scenario(place, about.file, setting)
            scenarios.append(scenario)
            first = line_of.setdefault(scenario.id, place.line)
            if scenario.id and first != place.line:
                place.complain(f"{scenario.id} is the id of the scenario on line {first} already; choose another one")
    refuse(complaints)
    return scenarios


def _scenario(place: Place, file: Path, setting: Setting) -> Scenario:
    """The scenario at `place`, with empty values where it was complained about."""
    fields = place.fields(required=REQUIRED, optional=OPTIONAL)
    protocol = _protocol(fields["protocol"], setting) or setting.protocols[setting.default_protocol]
    after = _protocol(fields["profile_after"], setting)
    steps = tuple(step.key for rule in (protocol, after) if rule for step in rule.steps)
    id_ = fields["id"].text(longest=40, pattern=ID, example="S01")
    registered_at = _instant(fields["registered"], setting.zone) or _instant(fields["received"], setting.zone)
    scenario = Scenario(
        id=id_, file=file,
        new=_registration(fields, protocol, setting.zone, registered_at, is_drill=id_.startswith("Y")),
        registered_at=registered_at or NO_TIME, protocol=protocol.key,
        done=_instants(fields["done"], steps, setting.zone), entered=_instants(fields["entered"], steps, setting.zone),
        reason=_text(fields["wrong"]), **{key: _instants(fields[key], steps, setting.zone) for key in APPROVED},
        profile_after=after.key if after else None, expected=_verdicts(fields["exp"], steps),
        expected_occurred=_verdicts(fields["exp_occurred"], steps))
    _check_registration(scenario, fields, setting.zone)
    _check_order(scenario, fields["entered"])
    if after and not (scenario.waived or scenario.transferred or scenario.not_applicable):
        fields["profile_after"].complain(f"needs to know when it was approved; write {' or '.join(APPROVED)}")
    if scenario.expected_occurred and scenario.new.occurred_at is None:
        fields["exp_occurred"].complain("needs to know when it occurred; write `occurred`, or leave it out")
    return scenario


def _registration(fields: dict[str, Place], protocol: ResponseProtocol, zone: ZoneInfo, registered_at: datetime | None,
                  *, is_drill: bool) -> NewIncident:
    """What the officer hands in: everything that is known by then."""
    text = {key: _text(fields[key]) for key in FACTS}
    times = {key: _instant(fields[key], zone) for key in TIMES}
    online_at = times["online"]
    if _is_nothing(fields["received"]):
        fields["received"].complain(f"is nothing; write when the bureau learned of it, like {EXAMPLE_TIME}")
    return NewIncident(
        title=text["title"] or "", place=text["place"], source=text["source"], first_learned_by=text["discovered"],
        summary=text["facts"], category=text["category"], event_grade=text["event_grade"],
        opinion_grade=text["opinion_grade"], received_at=times["received"], occurred_at=times["occurred"],
        first_online_at=online_at if online_at and registered_at and online_at <= registered_at else None,
        is_drill=_is_true(fields["drill"]) or is_drill, protocol=protocol.key, confirmed=True)


# ── checks of one scenario as a whole ─────────────────────────────────────────────────────────────────────

def _check_registration(scenario: Scenario, fields: dict[str, Place], zone: ZoneInfo) -> None:
    """What the desk would refuse is told with the line it stands on."""
    if scenario.new.received_at is None:
        return
    try:
        checked_incident(scenario.new, now=scenario.registered_at)
    except Refusals as refusals:
        key_of = {name: key for key, name in (FACTS | TIMES).items()}
        for refusal in refusals.refusals:
            about = fields[key_of[refusal.field or "title"]]
            if not about.is_absent:
                about.complain(Phrases(ENGLISH, zone).refusal(refusal, seen=scenario.registered_at))


def _check_order(scenario: Scenario, place: Place) -> None:
    """`entered` belongs to something done, and lies neither before that nor before the registration."""
    for step, at in scenario.entered.items():
        done = scenario.done.get(step)
        if done is None:
            place.complain(f"{step} was entered but is not in `done`; write there when it was done")
        elif at < max(done, scenario.registered_at):
            before = "it was done" if at < done else "the incident was registered"
            place.complain(f"{step} was entered before {before}; write the later time")


def _check_limits(place: Place, setting: Setting) -> None:
    """Minutes per step must be those of the rule: the default one, or the first other one with such a step."""
    rules = (setting.protocols[setting.default_protocol], *setting.protocols.values())
    for key, value in _by_step(place, _all_steps(rules)).items():
        minutes = value.whole_number(least=1, most=MOST_MINUTES)
        rule, step = next((rule, step) for rule in rules if (step := rule.step(key)))
        if value.scalar() == str(minutes) and timedelta(minutes=minutes) != step.within:
            value.complain(f"is {minutes} minutes, but {rule.key} gives {key} {written_as(step.within)}; "
                           "correct one of the two")


# ── one value each ────────────────────────────────────────────────────────────────────────────────────────

def _by_step(place: Place, steps: Sequence[str]) -> dict[str, Place]:
    """A mapping of steps, by short names or full keys. Steps outside `steps` are complained about."""
    if place.is_absent or _is_nothing(place):
        return {}
    if not place.is_mapping:
        place.complain(f"is {place.quoted()}; write a mapping of steps, {EXAMPLE_STEPS}")
        return {}
    names = [short for short, key in SHORT_NAMES.items() if key in steps]
    found: dict[str, Place] = {}
    for name, value in place.fields(required=(), optional=tuple(dict.fromkeys((*names, *steps)))).items():
        key = SHORT_NAMES.get(name, name)
        if not value.is_absent and key in found:
            value.complain(f"is the step on line {found[key].line} once more; keep one of them")
        elif not value.is_absent:
            found[key] = value
    return found


def _instants(place: Place, steps: Sequence[str], zone: ZoneInfo) -> dict[str, datetime]:
    read = {step: _instant(value, zone) for step, value in _by_step(place, steps).items()}
    return {step: instant for step, instant in read.items() if instant is not None}


def _verdicts(place: Place, steps: Sequence[str]) -> dict[str, str]:
    found = {}
    for step, value in _by_step(place, steps).items():
        word = " ".join(value.scalar().split())
        if verdicts.is_word(word):
            found[step] = word
        else:
            meant = closest(word, verdicts.WORDS)
            value.complain(f"is {value.quoted()}, no verdict; write "
                           f"{meant or 'one of ' + ', '.join(verdicts.WORDS)}{' with whole minutes' * ('N' in meant)}")
    return found


def _instant(place: Place, zone: ZoneInfo) -> datetime | None:
    """A time as it stands on the clock of `zone`; None when there is none, or it cannot be right."""
    if place.is_absent or _is_nothing(place):
        return None
    written = place.scalar()
    if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", written):
        place.complain(f"is {place.quoted()}; write date and time like {EXAMPLE_TIME}")
        return None
    try:
        return datetime.fromisoformat(written).replace(tzinfo=zone)
    except ValueError as error:
        place.complain(f"is {written}, which is not in the calendar ({error}); write a time like {EXAMPLE_TIME}")
        return None


def _protocol(place: Place, setting: Setting) -> ResponseProtocol | None:
    if place.is_absent or _is_nothing(place):
        return None
    return setting.protocols.get(place.choice(setting.protocols, noun="protocol"))


def _text(place: Place) -> str | None:
    """Free text; whether it is fit to keep is for the desk to say."""
    if place.is_absent or _is_nothing(place):
        return None
    if not place.scalar():
        place.complain(f"is {place.quoted()}; write a text")
    return place.scalar() or None


def _is_true(place: Place) -> bool:
    if not place.is_absent and place.scalar() not in ("true", "false"):
        place.complain(f"is {place.quoted()}; write true or false")
    return place.scalar() == "true"


def _is_nothing(place: Place) -> bool:
    """`null`, `~`, or nothing after the colon."""
    return place.node is not None and str(place.node.tag) == "tag:yaml.org,2002:null"


def _all_steps(rules: Sequence[ResponseProtocol]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(step.key for rule in rules for step in rule.steps))
