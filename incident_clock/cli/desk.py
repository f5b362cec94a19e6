"""What the commands share: the assembly, the actor, refusals in words, and output as text or JSON."""

import getpass
import json
import logging
import sys
from typing import Any

import click
from sqlalchemy.orm import Session

from incident_clock.assembly import Assembly
from incident_clock.errors import Forbidden, NotFound, Refusal, Refusals
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.people import access, ledger, roster
from incident_clock.people.facts import AccessGiven
from incident_clock.phrases import N_
from incident_clock.settings import read_settings
from incident_clock.store.migrating import require_current

as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON instead of text.")
by_person = click.option("--by", "person", metavar="KEY", help="Act as this person of the directory.")


def opened(*, is_ready: bool = True) -> Assembly:
    """The assembly of this machine's settings; `is_ready` insists on a migrated database."""
    assembly = Assembly.of(read_settings())
    if is_ready:
        require_current(assembly.store)
    return assembly


def log_to_stderr(level: int = logging.INFO) -> None:
    """Log lines of a long-running process, on stderr."""
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for quiet in ("twilio", "urllib3"):  # they would name accounts and numbers
        logging.getLogger(quiet).setLevel(logging.WARNING)


def acting(assembly: Assembly, person: str | None, action: str) -> Actor:
    """Who acts on the command line. Without a person the machine's account stands in the ledger.

    Raises NotFound for an unknown person, Forbidden for one whose role may not do `action`.
    """
    if person is None:
        return operator()
    with assembly.store.read() as session:
        card = roster.person(session, person)
    if card is None:
        raise NotFound(N_("通讯录里没有 %(key)s 这个人"), key=person)
    if not card.is_active:
        raise Forbidden(N_("%(name)s已经停用"), name=card.name)
    if not access.may(card.roles, action):
        raise Forbidden(N_("%(name)s 的角色不能做这件事"), name=card.name)
    return Actor(name=f"{card.name}（命令行 {getpass.getuser()}）", role=access.main_role(card.roles), key=card.key)


def operator() -> Actor:
    """The account of the machine, as the ledger names it."""
    account = getpass.getuser()
    return Actor(name=f"命令行 {account}", role="operator", key=f"cli:{account}")


def note_access(assembly: Assembly, session: Session, what: str, person: str, *, role: str | None = None) -> None:
    """Whoever is given a key to the house stands in the administrative ledger, never the key itself."""
    now = assembly.clock.now()
    ledger.append(session, AccessGiven(happened_at=now, what=what, person=Erasable(person), role=role),
                  actor=operator(), now=now)


def told(refusal: Refusal) -> list[str]:
    """A refusal in the words of this machine's language, one line per complaint."""
    assembly = Assembly.of(read_settings())
    phrases, now = assembly.phrases(), assembly.clock.now()
    each = refusal.refusals if isinstance(refusal, Refusals) else (refusal,)
    return [f"{one.field}: {phrases.refusal(one, seen=now)}" if one.field else phrases.refusal(one, seen=now)
            for one in each]


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
