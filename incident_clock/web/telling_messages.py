"""Messages of the outbox in words: state, what it is about, what happened to it. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from incident_clock.assembly import EXAMPLE_STAYS_HOME
from incident_clock.phrases import CHINESE, N_
from incident_clock.views.message_shapes import AttemptView, MessageView
from incident_clock.web.telling import Mark, Telling
from incident_clock.web.telling_words import CHANNELS

# state → colour class, sign, word
STATES = {
    "queued": ("is-waiting", "waiting", N_("待发")),
    "sending": ("is-waiting", "waiting", N_("正在发")),
    "accepted": ("is-waiting", "out", N_("等回执")),
    "shown": ("is-met", "met", N_("已显示")),
    "delivered": ("is-met", "met", N_("已送达")),
    "failed": ("is-overdue", "overdue", N_("未送达")),
    "unknown": ("is-nearing", "nearing", N_("结果不明")),
    "withdrawn": ("is-off", "off", N_("已撤")),
}
FILTERS = {  # group of states → word
    "queued": N_("待发"), "accepted": N_("已交出"), "delivered": N_("已送达"), "failed": N_("未送达"),
    "unknown": N_("结果不明"), "withdrawn": N_("已撤"),
}
KINDS = {
    "all_clear": N_("%(step)s已记录，不再催办"), "reopened": N_("%(step)s的记录已撤回，恢复催办"),
    "stand_in": N_("%(step)s 第%(rung)s级转B角"), "gaps": N_("值守检查：今后几天有无人可催的时段"),
    "probe": N_("渠道自检"),
    "answer": N_("答复收到的短信"), "not_me": N_("告知管理员：有人回复误收"),
    "guessing": N_("告知管理员：有人多次输错确认码"),
}
ATTEMPTS = {None: N_("正在发"), "accepted": N_("已交出"), "delivered": N_("已送达"), "failed": N_("没有发成"),
            "unknown": N_("没有回音")}
CONSOLE = "console"
DETAILS = {  # how an operator's sentence begins → the same in Chinese
    EXAMPLE_STAYS_HOME: "示例单位，不向外发送",
    "The mail server refuses connections": "连接被邮件服务器拒绝",
    "The mail server did not answer": "邮件服务器没有按时应答",
    "The mail server closed the connection": "和邮件服务器的连接中断",
    "The mail server refused the login": "邮件服务器不接受账号密码",
    "The mail server refused": "邮件服务器拒收",
    "The mail server answered": "邮件服务器没有受理",
    "The mail server had the whole text": "正文已交出，没有收到回音",
    "The name of the mail server was not found": "找不到邮件服务器",
    "The certificate of the mail server": "邮件服务器的证书未被接受",
    "TLS with the mail server": "和邮件服务器的加密连接失败",
    "Twilio refused": "短信网关拒收",
    "Twilio could not take": "短信网关暂不受理",
    "Twilio's server could not be reached": "连不上短信网关",
    "Twilio had the SMS": "短信已交出，没有收到回音",
    "The name of Twilio's server": "找不到短信网关",
    "The certificate of Twilio's server": "短信网关的证书未被接受",
}


@dataclass(frozen=True, slots=True)
class Messages:
    """The words for messages, for one reader at one instant."""

    telling: Telling

    def mark(self, message: MessageView) -> Mark:
        state = "shown" if message.channel == CONSOLE and message.state == "accepted" else message.state
        css, sign, word = STATES.get(state, ("is-off", "off", state))
        return Mark(css, sign, self.telling.phrases.say(word))

    def channel(self, message: MessageView) -> str:
        return self.way(message.channel)

    def way(self, channel: str) -> str:
        return self.telling.phrases.say(CHANNELS.get(channel, channel))

    def when(self, message: MessageView) -> str:
        """The one instant that matters in this state."""
        if message.state == "queued" and message.next_try_at is not None:
            word = N_("%(at)s 再试") if message.attempts else N_("%(at)s 发出")
            return self.telling.phrases.say(word, at=self.telling.at(message.next_try_at, seconds=True))
        ended = [a.finished_at or a.started_at for a in message.attempts[-1:]]
        at = message.delivered_at or message.sent_at or next(iter(ended), message.due_at)
        return self.telling.at(at, seconds=True)

    def about(self, message: MessageView) -> str:
        """`初步报告 第2级催办`, `电话上报已记录，不再催办`."""
        step = self.telling.title(message.step_title)
        if message.kind in KINDS:
            return self.telling.phrases.say(KINDS[message.kind], step=step, rung=message.rung)
        about = self.telling.phrases.say(N_("%(step)s 第%(rung)s级催办"), step=step,
                                         rung=message.skipped_rung or message.rung)
        if message.skipped_rung:
            about += self.telling.phrases.say(N_("，无人可催，转第%(rung)s级"), rung=message.rung)
        if message.repeat:
            about += self.telling.phrases.say(N_("，第%(repeat)s次重复"), repeat=message.repeat)
        return about

    def sentence(self, message: MessageView) -> str:
        """What a person should know of its state, beyond the word."""
        say, tried = self.telling.phrases.say, len(message.attempts)
        said = {
            "queued": say(N_("还没有发成，已试%(tried)s次，每次都记在这里；发成为止，或到这一步记录为止"), tried=tried)
            if tried else say(N_("排队等待发出")),
            "accepted": say(N_("服务器已收下。邮件没有送达回执")) if message.channel == "email"
            else say(N_("服务商已收下，尚无送达回执")),
            "unknown": say(N_("发出后没有收到回音，将带同一编号重发")),
            "withdrawn": say(N_("这一步已记录，不再发出")) if message.incident_number else say(N_("不再发出")),
            "failed": say(N_("不再重试，请改打电话")),
        }.get(message.state, "")
        if message.channel == CONSOLE and message.state == "accepted":
            said = say(N_("只显示在本页，没有发到手机或邮箱"))
        if message.state == "withdrawn" and message.state_reason:
            said = say(message.state_reason)
        copy = say(N_("可能重复：上一次发出后没有收到回音")) if message.may_be_copy else ""
        return self.telling.clauses([part for part in (said, copy) if part])

    def attempt(self, attempt: AttemptView) -> str:
        """What came of one try. The channels speak English to the operator; the usual sentences are told in Chinese."""
        outcome = self.telling.phrases.say(ATTEMPTS.get(attempt.outcome, str(attempt.outcome)))
        if not attempt.detail or attempt.outcome == "accepted":
            return outcome
        if self.telling.phrases.language != CHINESE:
            return f"{outcome}: {attempt.detail}"
        return next((said for start, said in DETAILS.items() if attempt.detail.startswith(start)),
                    f"{outcome}：{attempt.detail}")

    def why(self, detail: str) -> str:
        """An operator's sentence on a failure, in the reader's language where it is known."""
        if self.telling.phrases.language != CHINESE:
            return detail
        return next((said for start, said in DETAILS.items() if detail.startswith(start)), detail)

    def is_late(self, message: MessageView) -> bool:
        """Whether it left noticeably after it was due, so that the page prints both instants."""
        return message.sent_at is not None and message.sent_at - message.due_at > timedelta(seconds=5)
