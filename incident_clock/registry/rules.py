"""The rules incidents ever stood under, by the hash their entries name them with."""

from sqlalchemy.orm import Session

from incident_clock.protocol.steps import ResponseProtocol
from incident_clock.registry.obligations import rule_from
from incident_clock.registry.tables import StampedProtocol


class Rules(dict[str, ResponseProtocol]):
    """Content hash → rule, read from its stamp when it is first asked for."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def __missing__(self, content_hash: str) -> ResponseProtocol:
        self[content_hash] = rule = rule_from(self.session.get_one(StampedProtocol, content_hash).stamp)
        return rule
