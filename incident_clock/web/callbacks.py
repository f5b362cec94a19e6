"""What providers tell us over HTTP: states of messages and calls, texts that come in, keys that are pressed.

Whether it is theirs is decided first, by their signature over our configured address; the rest is one short
transaction, so that the answer comes at once and nobody calls a second time.
"""

import logging
from datetime import timedelta

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from incident_clock.channels import aliyun_callbacks as aliyun
from incident_clock.channels import twilio_callbacks as twilio
from incident_clock.channels.twilio_signing import SIGNATURE_HEADER, SignatureCheck
from incident_clock.channels.twilio_twiml import answer
from incident_clock.web import context

TWILIO, ALIYUN = "twilio", "aliyun"
NO_WORDS = '<?xml version="1.0" encoding="UTF-8"?><Response/>'  # to a text: answers leave through the outbox
MOST_HINTS = 100  # of one push; the engine asks for the rest by itself
FORGERIES_TOLD_EVERY = timedelta(minutes=1)  # a flood of them must not flood the log

logger = logging.getLogger(__name__)
pages = Blueprint("callbacks", __name__)
hints = Blueprint("callback_hints", __name__)  # of providers that sign nothing: they change nothing by themselves


@pages.before_request
def _refuse_strangers() -> ResponseReturnValue | None:
    """403 for whatever was not signed with the account's token, before anything of it is read."""
    settings = context.assembly().settings
    tokens = [token.get_secret_value() for token in (settings.twilio_auth_token, settings.twilio_auth_token_previous)
              if token is not None]
    check = SignatureCheck(settings.public_url, tokens)
    if check.accepts(request.path, request.query_string.decode("latin-1"), request.form.to_dict(flat=False),
                     request.headers.get(SIGNATURE_HEADER)):
        return None
    told = current_app.extensions.setdefault("forgeries_told", {})
    if request.path not in told or context.now() - told[request.path] >= FORGERIES_TOLD_EVERY:
        told[request.path] = context.now()
        logger.warning("a callback at %s is not signed by Twilio and was refused: if it was theirs, see "
                       "TWILIO_AUTH_TOKEN and INCIDENT_CLOCK_PUBLIC_URL", request.path)
    return Response("The signature is missing or wrong.\n", 403, mimetype="text/plain")


@pages.post(twilio.STATUS_PATH)
def status() -> ResponseReturnValue:
    """What became of a message or a call."""
    said = twilio.read_status(request.form.to_dict(flat=False), request.args.to_dict(flat=False))
    if said is not None:
        context.assembly().receiver.receive(said.report, gateway=TWILIO, provider_id=said.provider_id,
                                            tracking=said.tracking, now=context.now())
    return "", 204


@pages.post(twilio.INBOUND_PATH)
def inbound() -> ResponseReturnValue:
    """A text somebody sent."""
    came = twilio.read_inbound(request.form.to_dict(flat=False))
    if came is not None:
        context.assembly().inbox.take(gateway=TWILIO, provider_id=came.provider_id, address=came.sender,
                                      text=came.text, now=context.now())
    return Response(NO_WORDS, mimetype="text/xml")


@pages.post(twilio.VOICE_PATH)
def voice() -> ResponseReturnValue:
    """A key somebody pressed while he was being called."""
    press = twilio.read_key(request.form.to_dict(flat=False), request.args.to_dict(flat=False))
    if press is None:
        return Response(NO_WORDS, mimetype="text/xml")
    assembly = context.assembly()
    assembly.receiver.receive(press.report, gateway=TWILIO, provider_id=press.provider_id, tracking=press.tracking,
                              now=context.now())
    done = assembly.inbox.press(tracking=press.tracking, digits=press.key, provider_id=press.provider_id,
                                now=context.now())
    language = done.language or assembly.language
    return Response(answer(assembly.phrases(language).say(done.said), language=language), mimetype="text/xml")


@hints.post(aliyun.REPORT_PATH)
def aliyun_report() -> ResponseReturnValue:
    """News of messages that Aliyun took: the engine asks for it."""
    if ALIYUN not in context.assembly().settings.sms_gateways:
        abort(404)
    for hint in aliyun.read_reports(request.get_data())[:MOST_HINTS]:
        context.assembly().receiver.look_soon(gateway=ALIYUN, provider_id=hint.provider_id, tracking=hint.tracking,
                                              now=context.now())
    return jsonify(aliyun.ANSWER)
