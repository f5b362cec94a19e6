"""Examples of the OpenAPI document, from the fictional bureau. A test sends the bodies and checks the answers."""

from typing import Any

REGISTRATION: dict[str, Any] = {
    "title": "青禾路户外广告牌被大风刮落伤人", "received_at": "2026-03-12T14:05:00+08:00",
    "occurred_at": "2026-03-12T13:50:00+08:00", "first_online_at": "2026-03-12T14:10:00+08:00",
    "place": "青禾路与文昌街路口东北侧", "category": "accident", "event_grade": "一般", "opinion_grade": "较大",
    "source": "区12345热线转办", "summary": "约4平方米面板坠落，2人受伤送医，1辆电动自行车受损",
}
LOG: dict[str, Any] = {
    "done_at": "2026-03-12T14:20:00+08:00", "report_to": "市局值班室", "evidence": "通话2分钟，已复述要点",
}
WITHDRAWAL: dict[str, Any] = {"reason": "记错了步骤，电话尚未打出"}
WAIVER: dict[str, Any] = {
    "approver": "李某", "approver_unit": "区委宣传部", "document": "云宣函〔2026〕3号", "reason": "以书面发布代替",
}
TRANSFER: dict[str, Any] = {"to": "区卫健局", "approver": "王丁", "reason": "由主管单位统一发布"}
ACCEPTANCE: dict[str, Any] = {"accepted_by": "区卫健局值班员", "evidence": "电话记录"}
REFUSED: dict[str, Any] = {"refused_by": "区卫健局值班员", "reason": "不属本单位职责"}
CONFIRMATION: dict[str, Any] = {"note": "通话记录已核对"}
REJECTION: dict[str, Any] = {"reason": "通话记录查无此次通话"}
CORRECTION: dict[str, Any] = {"reason": "值班电话记录为14时02分", "times": {"received_at": "2026-03-12T14:02:00+08:00"}}
REGRADING: dict[str, Any] = {"opinion_grade": "重大", "basis": "登上全国热搜"}
RECORD: dict[str, Any] = {"kind": "lead", "fields": {"source": "某短视频平台", "spread": 12000}}
TASK: dict[str, Any] = {"origin": "instruction", "text": "查明原因，及时反馈", "owner": "zhou", "by": "冯戊"}
MERGING: dict[str, Any] = {"duplicate": "2026-0002", "reason": "同一事件两处登记"}
VOIDING: dict[str, Any] = {"reason": "测试误登"}
REAL_CASE: dict[str, Any] = {"confirmed": True}
CLOSING: dict[str, Any] = {"reason": "五步均已办结"}
ACKNOWLEDGEMENT: dict[str, Any] = {"person": "zhou", "step": "phone_report", "note": "本人接听，马上打电话上报"}
RESENDING: dict[str, Any] = {"person": "zhou", "step": "phone_report", "rung": 1}
PROBLEM: dict[str, Any] = {
    "type": "about:blank", "title": "与已有的记录冲突，没有保存", "status": 409,
    "detail": "周甲已在 14:21 记录过这一步，未重复记录",
    "errors": [{"field": None, "message": "周甲已在 14:21 记录过这一步，未重复记录"}],
}
