"""The words for steps, grades and days: tables of message ids, by step or by the kind of evidence. No logic."""

from incident_clock.phrases import N_

SHORT_TITLES = {
    "phone_report": N_("电话"), "preliminary_report": N_("初报"), "detailed_report": N_("详报"),
    "release": N_("发布"), "press_conference": N_("发布会"), "response": N_("回应"),
}
DUE = {  # kind of evidence → by when it has to be done
    "call": N_("%(at)s 前电话报告"), "document": N_("%(at)s 前书面报出"), "release": N_("%(at)s 前发布"),
    "press_conference": N_("%(at)s 前举行"), "note": N_("%(at)s 前办结"),
}
DONE = {
    "call": N_("%(at)s 已报%(to)s"), "document": N_("%(at)s 已报%(to)s"), "release": N_("%(at)s 已发布：%(to)s"),
    "press_conference": N_("%(at)s 已举行：%(to)s"), "note": N_("%(at)s 已办结%(to)s"),
}
DONE_ALONE = {
    "call": N_("%(at)s 已电话报告"), "document": N_("%(at)s 已书面报出"), "release": N_("%(at)s 已发布"),
    "press_conference": N_("%(at)s 已举行"), "note": N_("%(at)s 已办结"),
}
TO_DO = {  # step → what has to be done, in one or two short sentences
    "phone_report": N_("打电话报区总值班室：时间、地点、什么事、有无伤亡、已采取的措施。请对方复述，记下谁接的。"),
    "preliminary_report": N_("快报事实，慎报原因：接报、事发时间，地点，来源，伤亡，措施。停表看报出，不看签发。"),
    "detailed_report": N_("补齐经过、原因、伤亡和损失、处置进展、舆情走势和下一步。停表看报出，不看签发。"),
    "release": N_("发布经审定的权威信息，口径与上报一致。停表看首次公开发布的时间。"),
    "press_conference": N_("举行新闻发布会，或与上级新闻部门合开。停表看开始时间。"),
    "response": N_("公开回应关切，口径与上报一致。停表看首次公开回应的时间。"),
}
DRILL_TO_DO = {**TO_DO, "phone_report": N_(
    "打电话报模拟总值班室：时间、地点、什么事、有无伤亡、已采取的措施。请对方复述，记下谁接的。")}
CATEGORY_WORDS = {
    "natural": N_("自然灾害"), "accident": N_("事故灾难"), "health": N_("公共卫生事件"),
    "security": N_("社会安全事件"), "opinion_only": N_("纯舆情或谣言"),
}
GRADE_WORDS = {
    "一般": N_("一般（Ⅳ级）"), "较大": N_("较大（Ⅲ级）"), "重大": N_("重大（Ⅱ级）"), "特别重大": N_("特别重大（Ⅰ级）"),
}

DAYS_AGO = (N_("今天"), N_("昨天"), N_("前天"))

IN_PLACE_OF = {  # why somebody is told who is not the one on the roster himself
    "cover": N_("%(name)s（替 %(of)s）"), "acting": N_("%(name)s（代 %(of)s）"),
    "stand_in": N_("%(name)s（%(of)s 的B角）"),
}
STAND_INS = {  # what came of a leader's silence
    "called": N_("%(leader)s未应答，转B角 → %(stand_in)s"),
    "told_already": N_("%(leader)s未应答，其B角%(stand_in)s在这一级已经催过"),
    "nobody": N_("%(leader)s未应答，没有可转的B角"),
    "unreachable": N_("%(leader)s哪个渠道都没有送到，当即转B角 → %(stand_in)s"),
    "passed_on": N_("%(leader)s要求转B角 → %(stand_in)s"),
    "passed_to_nobody": N_("%(leader)s要求转B角，但没有可转的B角"),
}
ANSWERED_BY = {  # how an answer came → the timeline's sentence
    "page": N_("%(step)s：%(name)s 在页面签收"), "link": N_("%(step)s：%(name)s 从邮件签收"),
    "phone": N_("%(step)s：电话叫应 %(name)s"), "reply": N_("%(step)s：%(name)s 短信签收"),
    "code": N_("%(step)s：%(name)s 用确认码签收"), "voice": N_("%(step)s：%(name)s 按键签收"),
}
ANSWERS = {"page": N_("页面"), "link": N_("邮件"), "phone": N_("电话"), "reply": N_("短信"),
           "code": N_("确认码"), "voice": N_("语音按键"), "self_reported": N_("自报已办")}
RAISED_BECAUSE = {
    "late_registration": N_("登记时已过，只发最高一级"),
    "recovered": N_("催办中断后恢复，只发最高一级"),
    "reopened": N_("记录撤回后恢复催办"),
    "unreachable": N_("这一级的人哪个渠道都没有送到，当即催上一级"),
}
FELL_BACK = {  # why another way was tried
    "refused": N_("%(channel)s被拒收"), "undelivered": N_("%(channel)s未送达"), "silent": N_("%(channel)s迟迟没有回执"),
    "unknown": N_("%(channel)s结果不明"), "failing": N_("%(channel)s两次没有发成"),
    "gateway_down": N_("%(channel)s网关不通"),
}
CHANNELS = {
    "sms": N_("短信"), "voice": N_("语音电话"), "email": N_("邮件"), "console": N_("页面"), "wecom": N_("企业微信群"),
    "dingtalk": N_("钉钉群"), "feishu": N_("飞书群"), "apprise": N_("其他渠道"),
}
OUTCOMES = {"accepted": N_("已发出"), "delivered": N_("已送达"), "read": N_("已收听"), "failed": N_("未送达"),
            "undelivered": N_("未送达"), "unknown": N_("结果不明")}
STRUCK = {  # what became of an entry that no longer holds
    "withdrawn": N_("已由第%(sequence)s条撤回"), "corrected": N_("已由第%(sequence)s条更正"),
    "rejected": N_("第%(sequence)s条不予认可"),
}
