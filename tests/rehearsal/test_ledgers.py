"""The ledger of a played scenario: whole from its export alone, and told with its sequence where it is not."""

import json

import pytest

from incident_clock.ledger.chain import verify_lines
from incident_clock.rehearsal.cast import OFFICER
from incident_clock.rehearsal.performance import Performance
from incident_clock.rehearsal.replay import last_look, prepared
from incident_clock.rehearsal.stage import open_stage


@pytest.mark.parametrize("name", ["S01", "S02", "S03", "S07", "S08", "Y01"])
def test_the_ledger_of_a_played_scenario_verifies_from_its_export_alone(show, name):
    played = show(name)[0]
    found = verify_lines(played.export)
    assert found == played.ledger
    assert (found.incident, found.size, found.broken) == (played.number, len(played.export), None)


def test_one_changed_byte_anywhere_is_named_with_its_sequence(show):
    export = show("S08")[0].export
    for sequence, line in enumerate(export, start=1):
        place = (sequence * 131) % len(line)
        changed = line[:place] + bytes([line[place] ^ 1]) + line[place + 1:]
        found = verify_lines([*export[:sequence - 1], changed, *export[sequence:]])
        assert found.broken is not None
        assert found.broken.sequence == sequence, (place, line[place - 20:place + 20])


def test_a_missing_entry_is_named_with_its_sequence(show):
    export = show("S08")[0].export
    found = verify_lines([*export[:6], *export[7:]])
    assert found.broken is not None
    assert found.broken.sequence == 7


def test_erasing_the_texts_of_a_played_scenario_leaves_its_chain_whole(setting, scenarios):
    scenario = scenarios["S01"]
    setting, deeds = prepared(scenario, setting)
    with open_stage(setting, starts_at=scenario.registered_at) as stage:
        performance = Performance(stage, lambda event: None, stage.clock.move_to)
        performance.play(scenario.new, deeds, until=last_look)
        before, now = stage.export(performance.incident_id), stage.clock.now()
        stage.desk.close(performance.incident_id, None, actor=OFFICER, now=now)
        erased = stage.desk.erase_texts(performance.incident_id, "事件已结束", actor=OFFICER, now=now)
        after = stage.export(performance.incident_id)
    found = verify_lines(after)
    assert (found.broken, found.size) == (None, len(after))
    assert found.erased_texts == erased > len(before)
    assert "老槐巷".encode() in b"".join(before)
    assert "老槐巷".encode() not in b"".join(after)
    assert [json.loads(line)["hash"] for line in after[:len(before)]] == [json.loads(line)["hash"] for line in before]
