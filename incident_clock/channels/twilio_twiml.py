"""What a call says, in Twilio's markup (TwiML). The words are ours; nothing here knows the SDK."""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from incident_clock.phrases import ENGLISH, N_, catalogue

VOICES = {ENGLISH: "en-US"}  # any other language is read as Chinese
CHINESE_VOICE = "zh-CN"
KEY_WAIT_S = 10  # for a key, once all has been said
LONGEST_SPOKEN = 600  # characters: said twice it stays below the 4,000 bytes Twilio takes inline

KEYS = N_("按1确认收到，按2转给B角。")

UNSPEAKABLE = re.compile(r"[^\t\n\r\x20-\ufffd\U00010000-\U0010ffff]")  # not in XML 1.0; half characters fail later


def read_out(text: str, *, language: str, action: str) -> str:
    """The text and the keys, twice; a key pressed at any moment goes to the URL `action`. Without one the call
    ends."""
    response = Element("Response")
    gather = SubElement(response, "Gather", numDigits="1", action=action, method="POST", timeout=str(KEY_WAIT_S))
    for _ in range(2):
        _say(gather, text, language)
        _say(gather, catalogue(language).get(KEYS, KEYS), language)
    return tostring(response, encoding="unicode")


def answer(text: str, *, language: str) -> str:
    """What is said once a key has been pressed; then the call ends."""
    response = Element("Response")
    _say(response, text, language)
    SubElement(response, "Hangup")
    return tostring(response, encoding="unicode")


def _say(parent: Element, text: str, language: str) -> None:
    say = SubElement(parent, "Say", language=VOICES.get(language, CHINESE_VOICE))
    say.text = UNSPEAKABLE.sub(" ", text[:LONGEST_SPOKEN])
