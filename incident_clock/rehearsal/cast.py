"""The people of a rehearsal: one for every role, all fictional, none of whom can be told anything outside it."""

from incident_clock.ledger.fact import Actor
from incident_clock.people.cards import PersonCard
from incident_clock.people.people_file import PeopleFile, UnitCard

BUREAU = UnitCard(key="bureau", name="云河区综合执法局", short_name="云河综合执法", parent=None)

NAMES = {  # key → (name, role)
    "zhou": ("周甲", "duty_officer"), "wu": ("吴乙", "duty_chief"), "zheng": ("郑丙", "duty_leader"),
    "chen": ("陈己", "publicity_chief"), "wang": ("王丁", "deputy"), "feng": ("冯戊", "head"),
    "chu": ("褚庚", "office"), "wei": ("卫辛", "reporter"), "jiang": ("蒋壬", "squad"), "han": ("韩子", "spokesman"),
    "yang": ("杨丑", "auditor"), "shen": ("沈癸", "admin"),
}

STAND_INS = {"zheng": "wang", "wang": "feng", "feng": "wang", "han": "chen"}  # leader → his B角

OFFICER = Actor(name="周甲", role="duty_officer", key="zhou")  # who registers and logs
SECOND = Actor(name="吴乙", role="duty_chief", key="wu")  # who bears out what the officer wrote late
DEPUTY = Actor(name="王丁", role="deputy", key="wang")  # who approves that a case is graded down

APPROVER, APPROVING_UNIT = "区委宣传部 何某", "区委宣传部"  # outside the bureau
OTHER_UNIT, ACCEPTS = "市网络舆情中心", "市网络舆情中心 值班员 吕某"
REASON, PAPER = "按值班记录补记", "纸质值班记录"  # where the scenario does not say what went wrong


def people(language: str) -> PeopleFile:
    """The directory of a rehearsal; everybody reads `language`. Nobody has a telephone or a mail address."""
    return PeopleFile(source="rehearsal", is_example=True, units=(BUREAU,), people=tuple(
        PersonCard(key=key, name=name, unit=BUREAU.key, roles=(role,), contacts=(),
                   stand_in=STAND_INS.get(key), language=language) for key, (name, role) in NAMES.items()))
