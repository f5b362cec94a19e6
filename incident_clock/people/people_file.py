"""Reading the people file: units, persons, roles and addresses, checked as a whole before anything is imported.

The shape of the file is described in `config/people.example.yaml`. No complaint repeats a telephone number or an
e-mail address.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from ruamel.yaml.nodes import SequenceNode

from incident_clock.people.access import may_stand_for
from incident_clock.people.cards import CHAT, CONTACT_KINDS, EMAIL, MOBILE, Contact, PersonCard
from incident_clock.phrases import CHINESE, LANGUAGES
from incident_clock.protocol.complaints import Complaints, closest, refuse
from incident_clock.protocol.steps import ROLES
from incident_clock.protocol.yaml_tree import Place, read_tree

KEY = "[a-z][a-z0-9_-]*"
E164 = r"\+[0-9]+"
LONGEST_KEY, LONGEST_NAME, LONGEST_EMAIL, LONGEST_NOTE = 32, 60, 254, 500  # characters
FIRST_CALLED = "duty_officer"
REPORTER = "reporter"  # the role whoever is the 宣传员 of a unit must hold
EXAMPLE_UNIT = "`- {key: bureau, name: …}`"
EXAMPLE_PERSON = "`- {key: zhou, name: …, unit: duty, roles: [duty_officer]}`"
EXAMPLE_CONTACT = "`- {kind: mobile, address: \"+8613800000000\"}`"
EXAMPLE_OUTSIDE = "`- {key: district, name: …, phone: \"+865780000000\"}`"

REPORTERS = ("reporter", "second_reporter")  # of a unit

Fields = dict[str, Place]


@dataclass(frozen=True, slots=True)
class UnitCard:
    """The bureau (no `parent`) or a section of it. `reporter` and `second_reporter`: keys of its 宣传员, main and B."""

    key: str
    name: str
    short_name: str | None
    parent: str | None
    reporter: str | None = None
    second_reporter: str | None = None


@dataclass(frozen=True, slots=True)
class OutsideCard:
    """An office outside the bureau, for the address book."""

    key: str
    name: str
    phone: str | None
    email: str | None
    note: str


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """A people file that can be imported. `is_example`: it says `example: true`, its people are fictional.

    `source` is the file's name without its folder. `outside` None: the file does not speak of outside parties.
    """

    source: str
    is_example: bool
    units: tuple[UnitCard, ...]
    people: tuple[PersonCard, ...]
    outside: tuple[OutsideCard, ...] | None = None


def read_people(path: Path) -> PeopleFile:
    """Read and check a people file.

    Raises ConfigError with every complaint at once, as `file:line: path.to.field: what is wrong; what to write`.
    """
    complaints = Complaints(path)
    top = read_tree(complaints).fields(required=("units", "people"), optional=("example", "outside"))
    unit_fields = [place.fields(required=("key", "name"), optional=("short_name", "parent", *REPORTERS))
                   for place in read_entries(top["units"], example=EXAMPLE_UNIT)]
    person_fields = [place.fields(required=("key", "name", "unit", "roles"),
                                  optional=("phone", "email", "contacts", "stand_in", "language"))
                     for place in read_entries(top["people"], example=EXAMPLE_PERSON)]
    unit_keys = read_keys(unit_fields, noun="unit", example="bureau")
    person_keys = read_keys(person_fields, noun="person", example="zhou")
    people = tuple(_person(key, fields, unit_keys, person_keys)
                   for key, fields in zip(person_keys, person_fields, strict=True))
    for fields, person in zip(person_fields, people, strict=True):
        _check_stand_in(fields["stand_in"], person, people)
    units = tuple(_unit(key, fields, unit_keys, people) for key, fields in zip(unit_keys, unit_fields, strict=True))
    outside = _outside(top["outside"])
    is_example = _is_true(top["example"])
    _check_tree(units, unit_fields)
    _check_first_call(people, top["people"])
    refuse([complaints])
    return PeopleFile(source=path.name, is_example=is_example, units=units, people=people,
                      outside=outside)


def read_entries(place: Place, *, example: str) -> list[Place]:
    """Every entry of a list that may be long: `Place.items` stops where no protocol would go on."""
    if not isinstance(place.node, SequenceNode) or not place.node.value:
        return place.items(example=example)
    return [Place(node, f"{place.path}[{number}]", place.complaints)
            for number, node in enumerate(place.node.value, start=1)]


def read_keys(records: Sequence[Fields], *, noun: str, example: str) -> list[str]:
    """The key of each record, empty where it cannot be read."""
    keys: list[str] = []
    for fields in records:
        key = fields["key"].text(longest=LONGEST_KEY, pattern=KEY, example=example)
        if key and key in keys:
            first = records[keys.index(key)]["key"].line
            fields["key"].complain(f"\"{key}\" is already the key of line {first}; give every {noun} its own")
        keys.append(key)
    return keys


def _unit(key: str, fields: Fields, unit_keys: Collection[str], people: Sequence[PersonCard]) -> UnitCard:
    reporter, second = (_reporter(fields[name], people) for name in REPORTERS)
    if second and second == reporter:
        fields[REPORTERS[1]].complain("names the same person as reporter; write the key of somebody else")
    return UnitCard(key=key, reporter=reporter, second_reporter=second,
                    name=fields["name"].text(longest=LONGEST_NAME, example="宣传科"),
                    short_name=_optional(fields["short_name"], example="云河综合执法"),
                    parent=_reference(fields["parent"], unit_keys, noun="unit"))


def _person(key: str, fields: Fields, unit_keys: Collection[str], person_keys: Collection[str]) -> PersonCard:
    stand_in = _reference(fields["stand_in"], person_keys, noun="person")
    if stand_in and stand_in == key:
        fields["stand_in"].complain("names the person himself; write the key of somebody else")
    language = fields["language"]
    return PersonCard(
        key=key, name=fields["name"].text(longest=LONGEST_NAME, example="周甲"),
        unit=_reference(fields["unit"], unit_keys, noun="unit") or "",
        roles=_roles(fields["roles"]), contacts=read_contacts(fields),
        stand_in=stand_in, language=CHINESE if language.is_absent else language.choice(LANGUAGES, noun="language"))


def _check_stand_in(place: Place, person: PersonCard, people: Sequence[PersonCard]) -> None:
    """Whoever stands for somebody who logs steps must be allowed to log them himself."""
    named = next((other for other in people if other.key == person.stand_in), None)
    is_known = named is not None and bool(named.roles) and all(named.roles) and all(person.roles)
    if named is not None and is_known and not may_stand_for(named.roles, of=person.roles):
        place.complain(f"names {named.key}, an auditor or administrator, who may not log a step; write the key of "
                       "somebody who may")


def _reporter(place: Place, people: Sequence[PersonCard]) -> str | None:
    key = _reference(place, [person.key for person in people], noun="person")
    named = next((person for person in people if person.key == key), None)
    if named is not None and all(named.roles) and REPORTER not in named.roles:
        place.complain(f"names {key}, who does not have the role {REPORTER}; give {key} that role or name another")
    return key


def read_contacts(fields: Fields) -> tuple[Contact, ...]:
    """`phone` is the first mobile and `email` the first e-mail; then what `contacts` lists, in its order."""
    found = [(kind, address) for kind, address in ((MOBILE, _phone(fields["phone"])), (EMAIL, _email(fields["email"])))
             if address]
    for place in fields["contacts"].items(example=EXAMPLE_CONTACT):
        inside = place.fields(required=("kind", "address"))
        kind = inside["kind"].choice(CONTACT_KINDS, noun="kind of contact")
        address = _address(kind, inside["address"])
        if address and (kind, address) in found:
            inside["address"].complain("stands at this person a second time; keep one of them")
        elif kind and address:
            found.append((kind, address))
    return tuple(Contact(kind, address) for kind, address in found)


def _address(kind: str, place: Place) -> str | None:
    if kind in ("", CHAT):
        return _optional(place, example="the id in the chat program")
    return _email(place) if kind == EMAIL else _phone(place)


def _outside(place: Place) -> tuple[OutsideCard, ...] | None:
    if place.is_absent:
        return None
    records = [entry.fields(required=("key", "name"), optional=("phone", "email", "note"))
               for entry in read_entries(place, example=EXAMPLE_OUTSIDE)]
    keys = read_keys(records, noun="outside party", example="district")
    return tuple(OutsideCard(key=key, name=fields["name"].text(longest=LONGEST_NAME, example="区总值班室"),
                             phone=_phone(fields["phone"]), email=_email(fields["email"]),
                             note="" if fields["note"].is_absent else fields["note"].text(longest=LONGEST_NOTE))
                 for key, fields in zip(keys, records, strict=True))


def _optional(place: Place, *, example: str) -> str | None:
    return None if place.is_absent else place.text(longest=LONGEST_NAME, example=example)


def _reference(place: Place, keys: Collection[str], *, noun: str) -> str | None:
    word = _optional(place, example="the key of another entry")
    if word and word not in keys:
        meant = closest(word, filter(None, keys))
        place.complain(f"\"{word}\" is not the key of a {noun} in this file; "
                       + (f"did you mean \"{meant}\"?" if meant else f"add that {noun} or write another key"))
    return word


def _roles(place: Place) -> tuple[str, ...]:
    roles: list[str] = []
    for item in place.items(example=f"[{FIRST_CALLED}]"):
        role = item.choice(ROLES, noun="role")
        if role and role in roles:
            item.complain(f"\"{role}\" stands here a second time; keep one of them")
        roles.append(role)
    return tuple(roles)


def _phone(place: Place) -> str | None:
    """E.164, and possible in its country's numbering plan: a missing digit is found here, not at 2 a.m."""
    if place.is_absent:
        return None
    phone = place.scalar()
    if not re.fullmatch(E164, phone):
        place.complain("is not a number with its country code; write digits only, after a plus sign, "
                       "in China +86 and the number: \"+8613800000000\"")
        return phone
    try:
        is_valid = phonenumbers.is_valid_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        is_valid = False
    if not is_valid:
        place.complain("is not a number that can exist; count its digits and check the country code")
    return phone


def _email(place: Place) -> str | None:
    if place.is_absent:
        return None
    email = place.scalar()
    try:
        return validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError:
        place.complain("is not an e-mail address; write one like zhou@example.com")
        return email


def _is_true(place: Place) -> bool:
    if not place.is_absent and place.scalar() not in ("true", "false"):
        place.complain(f"is {place.quoted()}; write true for fictional people, else leave it out")
    return place.scalar() == "true"


def _check_tree(units: Sequence[UnitCard], records: Sequence[Fields]) -> None:
    """Every unit leads up to one without a parent: the first of those is the bureau."""
    parents = {unit.key: unit.parent for unit in units}
    for unit, fields in zip(units, records, strict=True):
        path, above = [unit.key], unit.parent
        while above in parents and above not in path:
            path.append(above)
            above = parents[above]
        if above and above == unit.key:
            fields["parent"].complain(f"goes round in a circle ({' → '.join([*path, above])}); "
                                      "the bureau itself has no parent")
            return


def _check_first_call(people: Sequence[PersonCard], place: Place) -> None:
    """The first reminder of every incident must reach somebody. Silent while a role cannot be read."""
    is_reached = any(FIRST_CALLED in person.roles and (person.phone or person.email) for person in people)
    if people and not is_reached and all(all(person.roles) for person in people):
        place.complain(f"nobody with the role {FIRST_CALLED} has a phone or an e-mail, so the first reminder would "
                       "reach no one; give somebody that role and an address")
