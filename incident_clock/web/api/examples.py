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
CLOSING: dict[str, Any] = {"reason": "五步均已办结"}
ACKNOWLEDGEMENT: dict[str, Any] = {"person": "zhou", "step": "phone_report", "note": "本人接听，马上打电话上报"}
RESENDING: dict[str, Any] = {"person": "zhou", "step": "phone_report", "rung": 1}
PROBLEM: dict[str, Any] = {
    "type": "about:blank", "title": "与已有的记录冲突，没有保存", "status": 409,
    "detail": "周甲已在 14:21 记录过这一步，未重复记录",
    "errors": [{"field": None, "message": "周甲已在 14:21 记录过这一步，未重复记录"}],
}
