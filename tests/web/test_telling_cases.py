"""Whatever is done to a case is told in words, in both languages: no kind of entry by its bare name, no raw value."""

import re
from random import Random

from incident_clock.registry import ledger
from incident_clock.registry.record_kinds import KINDS as FORMS
from incident_clock.views import incidents, timeline
from incident_clock.views.shapes import EntryView
from incident_clock.web.telling import Telling
from incident_clock.web.telling_case import KINDS_OF_CASE, NUMBERED
from incident_clock.web.telling_timeline import KINDS, Timeline
from tests.simulation.case_play import CasePlay
from tests.web.house import House

PLAYS, LENGTH = 24, 25
RAW = re.compile(r"[a-z]+_[a-z0-9]+|None|\[|\{|\d\dT\d\d|\+00:00")  # a key of ours, a value of Python, an instant
CHINESE_ONLY = re.compile(r"[A-Za-z]{2,}")


def test_every_act_is_told_in_words(house: House) -> None:
    found: dict[str, dict[str, set[str]]] = {"zh": {}, "en": {}}
    for seed in range(PLAYS):
        with house.assembly.store.write() as session:
            play = CasePlay(session, Random(seed))
            assert play.play(LENGTH) == ""
            for case in play.cases:
                account = ledger.read(session, case.incident.id)
                seen = incidents.view(session, case.incident, account, now=play.now)
                shown = timeline.timeline(account).entries
                for language in found:
                    telling = Telling(house.assembly.phrases(language), play.now)
                    rules = {key: telling.title(rule.title) for key, rule in house.assembly.protocols.items()}
                    for entry in shown:
                        found[language].setdefault(entry.kind, set()).add(said(Timeline(telling, seen, rules), entry))
    assert {*KINDS_OF_CASE} - {"TextsErased"} <= found["zh"].keys()
    for language, kinds in found.items():
        assert [one for texts in kinds.values() for one in texts if RAW.search(one)] == [], language
    assert [one for texts in found["zh"].values() for one in texts if CHINESE_ONLY.search(one)] == []


def said(line: Timeline, entry: EntryView) -> str:
    """The sentence without the net that catches what another version of the product wrote."""
    told = KINDS[entry.kind](line, entry)
    assert told.kind or told.tag
    return " ".join((told.kind, told.text, *told.details))


def test_every_form_has_a_name_for_one_of_many() -> None:
    assert NUMBERED.keys() == FORMS.keys()
