"""The words of the form that logs a step, by the kind of evidence the step needs. A table; no logic."""

from dataclasses import dataclass

from incident_clock.phrases import N_

CALL_HINT = N_("如：区总值班室 张值班员")
SIMULATED, DRILL_HINT = N_("模拟总值班室"), N_("如：模拟总值班室 张值班员")


@dataclass(frozen=True, slots=True)
class LogWords:
    """Message ids. `to` names the counterpart, with an example and, where one is usual, a first value."""

    heading: str
    when: str
    to: str
    to_hint: str
    to_usual: str
    evidence_hint: str
    button: str

    def usual(self, *, is_drill: bool) -> str:
        """The first value of the counterpart. A drill rings and writes to nobody outside."""
        return SIMULATED if is_drill and self.to_usual else self.to_usual

    def hint(self, *, is_drill: bool) -> str:
        return DRILL_HINT if is_drill and self.to_hint == CALL_HINT else self.to_hint

    def labels(self) -> dict[str, str]:
        """Field → how it is called among the complaints."""
        return {"done_at": self.when, "report_to": self.to, "evidence": N_("凭证"), "note": N_("补充说明"),
                "reason": N_("原因")}


LOG_WORDS = {
    "call": LogWords(
        heading=N_("打完电话，记在这里"), when=N_("通话时间"), to=N_("打给哪里，谁接的"),
        to_hint=CALL_HINT, to_usual=N_("区总值班室"),
        evidence_hint=N_("可空：话单或录音编号"), button=N_("记录已电话上报")),
    "document": LogWords(
        heading=N_("报出以后，记在这里"), when=N_("报出时间"), to=N_("报给谁"), to_hint="",
        to_usual=N_("区总值班室"), evidence_hint=N_("可空：文号或传真回执号"), button=N_("记录已报出")),
    "release": LogWords(
        heading=N_("发布以后，记在这里"), when=N_("发布时间"), to=N_("在哪里发布"), to_hint=N_("如：区新闻办 公众号"),
        to_usual="", evidence_hint=N_("可空：链接或截图编号"), button=N_("记录已发布")),
    "press_conference": LogWords(
        heading=N_("开始以后，记在这里"), when=N_("开始时间"), to=N_("在哪里举行"), to_hint=N_("地点和主持单位"),
        to_usual="", evidence_hint=N_("可空：通稿或照片编号"), button=N_("记录已举行")),
    "note": LogWords(
        heading=N_("办完以后，记在这里"), when=N_("办结时间"), to=N_("回应了谁"), to_hint=N_("可空"),
        to_usual="", evidence_hint=N_("可空：链接或文号"), button=N_("记录已办结")),
}
