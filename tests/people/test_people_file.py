"""What the people file may say, and the exact place of everything that is wrong in it."""

from pathlib import Path

import pytest

from incident_clock.errors import ConfigError
from incident_clock.people.importing import read_people
from tests.people.files import EXAMPLE, SMALL, changed, written

ZHOU_PHONE, ZHOU_EMAIL = 'phone: "+8613800000001"', "email: zhou@example.com"

# What is changed in the small file → (line, path, a part of what to do) of every complaint.
COMPLAINTS = {
    "an unknown key": ([("stand_in: wu", "standin: wu")], [(11, "people[1].standin", 'did you mean "stand_in"?')]),
    "an unknown key at the top": ([("units:\n", "exmaple: true\nunits:\n")],
                                  [(1, "exmaple", 'did you mean "example"?')]),
    "an unknown key of a unit": ([("short_name:", "short:")], [(2, "units[1].short", 'did you mean "short_name"?')]),
    "a full-width colon": ([("key: duty,", "key：duty,")], [
        (3, "units[2].key：duty", "unknown key"), (3, "units[2]", "key is missing"),
        (7, "people[1].unit", "add that unit"), (12, "people[2].unit", "add that unit")]),
    "an unknown role": ([("[duty_officer]", "[duty_oficer]")],
                        [(8, "people[1].roles[1]", 'did you mean "duty_officer"?')]),
    "a role twice": ([("[duty_chief, reporter]", "[reporter, reporter]")],
                     [(12, "people[2].roles[2]", "stands here a second time")]),
    "no role": ([("[duty_chief, reporter]", "[]")], [(12, "people[2].roles", "write [duty_officer]")]),
    "a role without brackets": ([("[duty_chief, reporter]", "duty_chief")],
                                [(12, "people[2].roles", "write a list: [duty_officer]")]),
    "an unknown unit": ([("unit: duty\n", "unit: dutty\n")], [(7, "people[1].unit", 'did you mean "duty"?')]),
    "an unknown stand-in": ([("stand_in: wu", "stand_in: wuu")], [(11, "people[1].stand_in", 'did you mean "wu"?')]),
    "a stand-in nobody resembles": ([("stand_in: wu", "stand_in: chen")],
                                    [(11, "people[1].stand_in", "add that person or write another key")]),
    "his own stand-in": ([("stand_in: wu", "stand_in: zhou")],
                         [(11, "people[1].stand_in", "the key of somebody else")]),
    "an unknown parent": ([("parent: bureau", "parent: bureu")], [(3, "units[2].parent", 'did you mean "bureau"?')]),
    "units in a circle": ([("short_name: 云河综合执法", "parent: duty")],
                          [(2, "units[1].parent", "bureau → duty → bureau")]),
    "a unit above itself": ([("parent: bureau", "parent: duty")], [(3, "units[2].parent", "duty → duty")]),
    "a person twice": ([("{key: wu,", "{key: zhou,"), ("stand_in: wu", "language: zh")],
                       [(12, "people[2].key", "already the key of line 5; give every person its own")]),
    "a unit twice": ([("{key: bureau,", "{key: duty,"), (", parent: bureau", "")],
                     [(3, "units[2].key", "already the key of line 2; give every unit its own")]),
    "one key twice in one mapping": ([(ZHOU_EMAIL, "name: 周甲")], [(10, "people[1].name", "a second time")]),
    "a key in Chinese": ([("key: wu,", "key: 吴乙,"), ("stand_in: wu", "language: zh")],
                         [(12, "people[2].key", "write something like zhou")]),
    "a missing name": ([("name: 吴乙, ", "")], [(12, "people[2]", "name is missing")]),
    "an empty name": ([("name: 周甲", "name:")], [(6, "people[1].name", "write a text")]),
    "a name of two lines": ([("name: 周甲", 'name: "周\\n甲"')], [(6, "people[1].name", "write one plain line")]),
    "a name that is a number": ([("name: 周甲", "name: 12")], [(6, "people[1].name", "put it in quotes")]),
    "an unknown language": ([("language: en", "language: fr")], [(12, "people[2].language", "write one of zh, en")]),
    "example with another word": ([("units:\n", "example: maybe\nunits:\n")], [(1, "example", "write true")]),
    "a phone without country code": ([(ZHOU_PHONE, 'phone: "13800000001"')],
                                     [(9, "people[1].phone", 'in China +86 and the number: "+8613800000000"')]),
    "a phone as a number": ([(ZHOU_PHONE, "phone: 13800000001")], [(9, "people[1].phone", "in China +86")]),
    "a phone with spaces": ([(ZHOU_PHONE, 'phone: "+86 138 0000 0001"')], [(9, "people[1].phone", "digits only")]),
    "a phone with a digit missing": ([(ZHOU_PHONE, 'phone: "+861380000000"')],
                                     [(9, "people[1].phone", "count its digits")]),
    "a phone of no country": ([(ZHOU_PHONE, 'phone: "+999138000000"')], [(9, "people[1].phone", "country code")]),
    "an e-mail without @": ([(ZHOU_EMAIL, "email: zhou.example.com")],
                            [(10, "people[1].email", "write one like zhou@example.com")]),
    "an e-mail with a line break": ([(ZHOU_EMAIL, 'email: "zhou@example.com\\nBcc: x@example.com"')],
                                    [(10, "people[1].email", "write one like")]),
    "nobody on duty": ([("[duty_officer]", "[office]")],
                       [(5, "people", "nobody with the role duty_officer has a phone or an e-mail")]),
    "nobody on duty can be reached": ([(f"    {ZHOU_PHONE}\n    {ZHOU_EMAIL}\n", "")],
                                      [(5, "people", "nobody with the role duty_officer has a phone or an e-mail")]),
    "a tab": ([("    name: 周甲", "\tname: 周甲")], [(6, "", "a tab")]),
    "an open bracket": ([("[duty_officer]", "[duty_officer")], [(9, "", "not readable as YAML")]),
    "a person who is a text": ([("  - {key: wu,", "  - wu\n  - {key: wu,")], [(12, "people[2]", "write a mapping")]),
    "several mistakes": (
        [("unit: duty\n", "unit: dutty\n"), (ZHOU_PHONE, "phone: 1"), ("language: en", "language: fr")],
        [(7, "people[1].unit", "duty"), (9, "people[1].phone", "+86"), (12, "people[2].language", "zh, en")]),
}


def complaints(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_people(path)
    return list(caught.value.problems)


@pytest.mark.parametrize("name", COMPLAINTS)
def test_a_broken_file_is_refused_with_file_line_path_and_what_to_write(name: str, tmp_path: Path) -> None:
    changes, expected = COMPLAINTS[name]
    path = written(tmp_path, changed(*changes))
    found = complaints(path)
    assert len(found) == len(expected), found
    for sentence, (line, place, part) in zip(found, expected, strict=True):
        assert sentence.startswith(f"{path}:{line}: {place}: " if place else f"{path}:{line}: ")
        assert part in sentence


def test_no_complaint_repeats_a_phone_number_or_an_address(tmp_path: Path) -> None:
    for phone, email in (("13800000001", "zhou(at)example.com"), ('"+861380000000"', "zhou@@example.com")):
        text = changed((ZHOU_PHONE, f"phone: {phone}"), (ZHOU_EMAIL, f"email: {email}"))
        said = "\n".join(complaints(written(tmp_path, text)))
        assert "people[1].phone" in said
        assert "people[1].email" in said
        assert phone.strip('"') not in said
        assert email not in said


@pytest.mark.parametrize(("content", "part"), [
    (b"", "is empty"),
    (b"- a\n- b\n", "write a mapping with the keys units, people"),
    (b"units: 1\npeople: 2\n", "write a list"),
    ("units: [{key: bureau, name: 云河}]".encode("gbk"), "save it with the encoding UTF-8"),
])
def test_a_file_that_is_something_else_is_refused(content: bytes, part: str, tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_bytes(content)
    found = complaints(path)
    assert all(sentence.startswith(f"{path}:") for sentence in found)
    assert part in found[0]


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    assert "absent.yaml" in complaints(tmp_path / "absent.yaml")[0]


def test_a_file_saved_by_a_windows_editor_is_read(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert [person.key for person in read_people(path).people] == ["zhou", "wu"]


def test_a_phone_number_needs_no_quotes(tmp_path: Path) -> None:
    file = read_people(written(tmp_path, changed((ZHOU_PHONE, "phone: +8613800000001"))))
    assert file.people[0].phone == "+8613800000001"


def test_a_bureau_of_hundreds_is_read(tmp_path: Path) -> None:
    more = "".join(f"  - {{key: p{n}, name: 甲{n}, unit: duty, roles: [reporter]}}\n" for n in range(500))
    assert len(read_people(written(tmp_path, SMALL + more)).people) == 502


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    file = read_people(written(tmp_path, SMALL))
    assert not file.is_example
    assert file.source == "people.yaml"
    zhou, wu = file.people
    assert (zhou.language, zhou.stand_in) == ("zh", "wu")
    assert (wu.language, wu.phone, wu.email, wu.stand_in) == ("en", None, None, None)


def test_the_example_is_fictional_and_complete() -> None:
    file = read_people(EXAMPLE)
    held = {role: person.name for person in file.people for role in person.roles}
    assert file.is_example
    assert held == {
        "duty_officer": "周甲", "duty_chief": "吴乙", "duty_leader": "郑丙", "publicity_chief": "陈己",
        "deputy": "王丁", "head": "冯戊", "office": "褚庚", "reporter": "卫辛", "squad": "蒋壬", "spokesman": "韩子",
        "auditor": "杨丑", "admin": "沈癸",
    }
    assert [person.phone for person in file.people] == [f"+86138000000{n:02}" for n in range(1, 13)]
    assert all(person.email == f"{person.key}@example.com" for person in file.people)
