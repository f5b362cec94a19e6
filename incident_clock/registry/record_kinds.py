"""The short forms of an incident, as tables: what each asks for. Evidence of a step (domain 3.3, 3.4, 5.1, 5.3) and the
mechanism 收集、会商、研判、回应、评估（评论） (domain 0, 5.2, 6). Forms, API, ledger and timeline are made from these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from incident_clock.phrases import N_

LINE, TEXT, INSTANT, NUMBER, CHOICE, YES, ADDRESS = "line", "text", "instant", "number", "choice", "yes", "address"

CALL, DOCUMENT, RELEASE, PRESS, NOTE = "call", "document", "release", "press_conference", "note"
LEAD, CONSULTATION, ASSESSMENT, WORDING, EVALUATION, COMMENT, COUNTERSIGN = (
    "lead", "consultation", "assessment", "wording", "evaluation", "comment", "countersign")

COLLECT, CONSULT, ASSESS, RESPOND, EVALUATE = "collect", "consult", "assess", "respond", "evaluate"
STAGES = {COLLECT: N_("收集"), CONSULT: N_("会商"), ASSESS: N_("研判"), RESPOND: N_("回应"),
          EVALUATE: N_("评估（评论）")}

REACHED = "reached"
FIGURES = ("dead", "injured", "missing")  # a later report may not fall behind an earlier one without a reason


@dataclass(frozen=True, slots=True)
class Blank:
    """One blank of a form. `choices`: value → its words."""

    name: str
    title: str
    kind: str = LINE
    is_required: bool = False
    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One form. `stage`: where it belongs in the mechanism, None: evidence of a step only."""

    key: str
    title: str
    blanks: tuple[Blank, ...]
    stage: str | None = None

    def blank(self, name: str) -> Blank | None:
        return next((one for one in self.blanks if one.name == name), None)


OUTCOMES = {REACHED: N_("已接通"), "no_answer": N_("无人接听"), "busy": N_("占线")}
SENT_BY = {"system": N_("值班信息系统"), "fax": N_("传真"), "courier": N_("专人送达"), "wecom": N_("政务微信"),
           "dingtalk": N_("政务钉钉"), "mail": N_("电子邮件"), "other": N_("其他")}
MEDIA = {"wechat": N_("微信公众号"), "weibo": N_("政务微博"), "video": N_("短视频政务号"), "website": N_("政府网站"),
         "media_center": N_("融媒体中心"), "other": N_("其他")}
RELEASE_FORMS = {"notice": N_("情况通报"), "rebuttal": N_("辟谣"), "answers": N_("答记者问"), "graphic": N_("图文"),
                 "video": N_("视频")}
DECISIONS = {"held": N_("举行"), "written": N_("书面发布代替")}
TRENDS = {"rising": N_("上升"), "steady": N_("平稳"), "falling": N_("回落")}
SINS = {"none": N_("无"), "late": N_("迟报"), "missed": N_("漏报"), "false": N_("谎报"), "concealed": N_("瞒报")}

KINDS = {kind.key: kind for kind in (
    RecordKind(CALL, N_("电话记录"), (
        Blank("outcome", N_("结果"), CHOICE, True, OUTCOMES),
        Blank("recipient", N_("打给哪里"), hint=N_("单位名称")),
        Blank("dialled_number", N_("拨打号码")),
        Blank("answered_by", N_("接电话的人"), hint=N_("姓名、职务")),
        Blank("read_back", N_("已复述核对"), YES),
        Blank("instruction", N_("对方指示"), TEXT),
        Blank("duration_s", N_("通话秒数"), NUMBER),
        Blank("recording", N_("录音编号")))),
    RecordKind(DOCUMENT, N_("书面报告"), (
        Blank("recipient", N_("报给哪里")),
        Blank("sent_by", N_("报送方式"), CHOICE, choices=SENT_BY),
        Blank("document_number", N_("文号")),
        Blank("drafted_by", N_("拟稿人")), Blank("drafted_at", N_("拟稿时间"), INSTANT),
        Blank("reviewed_by", N_("核稿人")), Blank("reviewed_at", N_("核稿时间"), INSTANT),
        Blank("signed_by", N_("签发人")), Blank("signed_at", N_("签发时间"), INSTANT),
        Blank("is_signed_by_phone", N_("电话签发"), YES, hint=N_("24小时内补签")),
        Blank("sign_witness", N_("电话签发见证人")),
        Blank("received_by", N_("收文人")), Blank("received_at", N_("收文时间"), INSTANT),
        Blank("dead", N_("死亡人数"), NUMBER), Blank("injured", N_("受伤（不适）人数"), NUMBER),
        Blank("missing", N_("失联人数"), NUMBER))),
    RecordKind(RELEASE, N_("权威信息发布"), (
        Blank("form", N_("形式"), CHOICE, choices=RELEASE_FORMS),
        Blank("channel", N_("发布渠道"), CHOICE, choices=MEDIA),
        Blank("account", N_("发布账号")), Blank("title", N_("标题")), Blank("url", N_("网址"), ADDRESS),
        Blank("body_text", N_("发布原文"), TEXT, hint=N_("整段粘贴，系统留存指纹")),
        Blank("captured_at", N_("截取时间"), INSTANT),
        Blank("wording", N_("口径版本"), NUMBER), Blank("drafted_by", N_("拟稿人")),
        Blank("reviewed_by", N_("审核人（宣传科）")), Blank("co_reviewed_by", N_("会审（宣传部、网信办）")),
        Blank("signed_by", N_("签发人")), Blank("confidentiality_reviewed_by", N_("保密审查人")),
        Blank("external_unit", N_("由其他单位发布")), Blank("supersedes", N_("替换第几条记录"), NUMBER)), RESPOND),
    RecordKind(PRESS, N_("新闻发布会"), (
        Blank("decision", N_("决定"), CHOICE, choices=DECISIONS), Blank("decided_by", N_("决定人")),
        Blank("decided_at", N_("决定时间"), INSTANT), Blank("organiser", N_("主办单位"), hint=N_("如 区政府新闻办")),
        Blank("place", N_("地点")), Blank("host", N_("主持人")), Blank("speakers", N_("发布人"), TEXT),
        Blank("spokesman", N_("新闻发言人")), Blank("media", N_("到场媒体"), TEXT),
        Blank("live_url", N_("直播网址"), ADDRESS), Blank("ended_at", N_("结束时间"), INSTANT),
        Blank("questions", N_("问答要点"), TEXT))),
    RecordKind(LEAD, N_("线索"), (
        Blank("source", N_("来源"), is_required=True, hint=N_("平台、账号或来电人单位")),
        Blank("url", N_("网址"), ADDRESS), Blank("found_at", N_("发现时间"), INSTANT),
        Blank("found_by", N_("发现人")), Blank("spread", N_("传播量"), NUMBER, hint=N_("播放、阅读或转发次数")),
        Blank("captured_text", N_("原文摘录"), TEXT)), COLLECT),
    RecordKind(CONSULTATION, N_("会商记录"), (
        Blank("held_at", N_("会商时间"), INSTANT), Blank("people", N_("参加人员"), TEXT, True),
        Blank("conclusion", N_("结论"), TEXT, True), Blank("place", N_("地点或方式"))), CONSULT),
    RecordKind(ASSESSMENT, N_("研判意见"), (
        Blank("trend", N_("走势"), CHOICE, True, TRENDS), Blank("spread", N_("传播总量"), NUMBER),
        Blank("views", N_("主要观点"), TEXT), Blank("risks", N_("风险点"), TEXT), Blank("advice", N_("建议"), TEXT),
        Blank("assessed_by", N_("研判人"), is_required=True), Blank("second_by", N_("复核人"))), ASSESS),
    RecordKind(WORDING, N_("口径"), (
        Blank("text", N_("口径内容"), TEXT, True), Blank("not_to_say", N_("不说什么"), TEXT),
        Blank("facts", N_("事实依据"), TEXT), Blank("approver", N_("审定人"), is_required=True),
        Blank("valid_from", N_("启用时间"), INSTANT), Blank("valid_until", N_("有效至"), INSTANT),
        Blank("given_to", N_("发放范围"))), RESPOND),
    RecordKind(EVALUATION, N_("评估"), (
        Blank("cause", N_("原因"), TEXT), Blank("handling", N_("处置评价"), TEXT, True),
        Blank("faults", N_("迟漏谎瞒"), CHOICE, True, SINS), Blank("lessons", N_("教训"), TEXT),
        Blank("actions", N_("整改措施"), TEXT), Blank("approved_by", N_("审定人"))), EVALUATE),
    RecordKind(COMMENT, N_("评论文章"), (
        Blank("title", N_("标题"), is_required=True), Blank("account", N_("发布账号")),
        Blank("url", N_("网址"), ADDRESS), Blank("published_at", N_("发布时间"), INSTANT)), EVALUATE),
    RecordKind(COUNTERSIGN, N_("补签"), (
        Blank("entry", N_("第几条记录"), NUMBER, True), Blank("signed_by", N_("补签人"), is_required=True),
        Blank("signed_at", N_("补签时间"), INSTANT))),
)}
EVIDENCE = (CALL, DOCUMENT, RELEASE, PRESS)
AFTER_CLOSING = (EVALUATION, COMMENT, COUNTERSIGN)  # what looks back may come when the case is closed
MECHANISM = tuple(key for key, kind in KINDS.items() if kind.stage is not None)
