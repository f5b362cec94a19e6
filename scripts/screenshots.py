"""Makes the pictures of docs/screenshots: real pages over a real engine's work, on a database that is thrown away.

    .venv/bin/python scripts/screenshots.py [folder]

The example bureau gets two more people for each role that takes turns, a roster and four incidents; engine and sender
play them second by second. Then one of them gets everything a case can have. Needs what the suite needs, a Chromium
among it (tests/chromium.py).
"""

import logging
import sys
import tempfile
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser
from werkzeug.serving import make_server

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from incident_clock.people.duty_tables import Absence, Shift  # noqa: E402
from incident_clock.people.tables import ContactMethod, Person  # noqa: E402
from incident_clock.registry.decisions import Approval  # noqa: E402
from incident_clock.registry.drafts import StepLog  # noqa: E402
from incident_clock.registry.grading import Regrading  # noqa: E402
from incident_clock.store.session import Store  # noqa: E402
from tests.chromium import browser  # noqa: E402
from tests.schema import create_from_models  # noqa: E402
from tests.support.bureau import WU, ZHOU  # noqa: E402
from tests.web.house import House, at, billboard  # noqa: E402

VISITOR, AT_WORK = "shen", "zhou"  # the administrator sees every page; the officer has the forms of an incident
PHONE, DESK, SHEET = (390, 844), (1366, 640), (830, 1150)
SIZES = {PHONE: "phone", DESK: "desk", SHEET: "a4"}
LARGEST = 220_000  # bytes of one picture
TAKEN = {  # size, language → the pages
    (PHONE, "zh"): ("directory", "roster", "readiness", "forecast", "handover", "outbox", "incident"),
    (DESK, "zh"): ("board", "roster", "readiness", "outbox"), (PHONE, "en"): ("readiness", "incident"),
}
TAKEN_LATER = {(PHONE, "zh"): ("case", "mechanism", "grading", "drill"), (PHONE, "en"): ("case",),
               (DESK, "zh"): ("case",), (SHEET, "zh"): ("paper",)}
BESIDES = {"mechanism": "#mechanism"}  # where a picture begins that does not begin at the top
NEW = (("jiang2", "蒋子", "duty_officer", "zhou"), ("qin", "秦寅", "duty_chief", "wu"),
       ("he", "何辰", "duty_chief", None), ("you", "尤巳", "publicity_chief", "chen"),
       ("chugeng", "褚午", "duty_leader", "zheng"))
TURNS = {"duty_officer": ("zhou", "jiang2"), "duty_chief": ("wu", "qin", "he"), "duty_leader": ("zheng", "chugeng")}
FEWER_COLOURS = """async png => {
  const image = new Image(); image.src = "data:image/png;base64," + png; await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), ink = canvas.getContext("2d");
  ink.drawImage(image, 0, 0);
  const all = ink.getImageData(0, 0, image.width, image.height);
  for (let at = 0; at < all.data.length; at++) all.data[at] = 5 * Math.round(all.data[at] / 5);
  ink.putImageData(all, 0, 0);
  return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
}"""
FORMS = (
    ("lead", {"source": "短视频平台", "url": "https://video.example.com/v/884", "spread": 120_000, "found_by": "李辛"}),
    ("consultation", {"people": "王丁、郑丙，区委宣传部李某", "conclusion": "统一口径，17:30 前由微信公众号首发"}),
    ("assessment", {"trend": "rising", "spread": 124_000, "risks": "家属发声、同类隐患质疑", "assessed_by": "吴乙"}),
    ("wording", {"text": "伤者已送医，原因正在核查，及时通报。", "approver": "王丁", "not_to_say": "不推测原因"}),
)
EMPTY = "duty_leader", 3  # a role and a day that nobody took
DAYS = 16


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/pictures.db"
        store = Store(url)
        create_from_models(store)
        store.dispose()
        house = House.open(url, Path(scratch))
        _take_turns(house)
        number = billboard(house)
        house.play(at("14:52:12"))
        server = make_server("127.0.0.1", 0, house.app, threaded=True)
        Thread(target=server.serve_forever, daemon=True).start()
        pages = {"board": "/", "directory": "/directory", "roster": "/roster", "readiness": "/readiness",
                 "handover": "/handover", "forecast": f"/incidents/{number}/forecast", "outbox": "/outbox",
                 "incident": f"/incidents/{number}"}
        with browser() as chromium:
            base = f"http://127.0.0.1:{server.server_port}"
            _take_all(chromium, house, base, TAKEN, pages, folder)
            drill = _fill(house, number)
            _take_all(chromium, house, base, TAKEN_LATER, {
                "case": f"/incidents/{number}", "mechanism": f"/incidents/{number}",
                "paper": f"/incidents/{number}/sheet", "grading": f"/incidents/{number}/grade",
                "drill": f"/drills/{drill}/card"}, folder)
        server.shutdown()
        house.close()


def _take_turns(house: House) -> None:
    """More people, a roster with a hole, and leave with somebody acting."""
    start = at("08:30", 11)
    with house.assembly.store.write() as session:
        for place, (key, name, role, stand_in) in enumerate(NEW):
            session.add(Person(key=key, name=name, unit="duty", roles=[role], stand_in=stand_in, language="zh",
                               is_active=True, position=50 + place))
            session.flush()
            session.add_all((
                ContactMethod(person=key, kind="mobile", address=f"+8613800000{100 + place}", position=0),
                ContactMethod(person=key, kind="email", address=f"{key}@example.com", position=1)))
        session.add_all(Shift(role=role, person=turn[day % len(turn)], from_at=start + timedelta(days=day),
                              until_at=start + timedelta(days=day + 1))
                        for role, turn in TURNS.items() for day in range(DAYS) if (role, day) != EMPTY)
        session.add(Absence(person="chen", acting="you", from_at=at("08:00", 14), until_at=at("18:00", 17),
                            reason="外出培训"))


def _fill(house: House, number: str) -> str:
    """Everything a case can have: a late entry that waits, a waiver, an offer, forms, tasks; gives a drill's number."""
    desk = house.assembly.desk
    drill = house.register("古城灯会人员拥挤舆情处置演练", is_drill=True)
    house.play(at("15:01"))
    called = house.assembly.views.step_calls(drill, house.clock.now())[0].calls[0].person.key
    desk.acknowledge(drill, called, how="phone", step=None, actor=ZHOU, now=house.clock.now())
    house.log(drill, "phone_report", at("15:01"), report_to="模拟总值班室")
    house.play(at("15:20:10"))
    now = house.clock.now()
    desk.log_step(number, "preliminary_report", StepLog(
        done_at=at("15:02"), report_to="区总值班室", reason="网络中断，先用手机传真", evidence="传真回执 0312-11",
        record={"is_signed_by_phone": True, "signed_by": "王丁", "signed_at": at("14:58"), "injured": 2}),
        actor=ZHOU, now=now)
    desk.waive(number, "press_conference", Approval(
        approver="王丁", approver_unit="区综合行政执法局", document="局办签 31", reason="事态平稳，以书面通报回应"),
        actor=WU, now=now)
    desk.regrade(number, Regrading(values={"opinion_grade": "一般"}, basis="热度回落，播放量不到一千"), protocol=None,
                 actor=WU, now=now)
    for kind, fields in FORMS:
        desk.record(number, kind, fields, actor=ZHOU, now=now)
    desk.set_task(number, origin="instruction", text="今晚前排查全区同类广告牌，明早报情况。", owner="wu", by="冯戊",
                  due_at=None, about=None, actor=WU, now=now)
    house.play(at("15:20:40"))
    return drill


def _take_all(chromium: Browser, house: House, base: str, taken: Mapping[tuple[tuple[int, int], str], tuple[str, ...]],
              pages: Mapping[str, str], folder: Path) -> None:
    for (size, language), names in taken.items():
        for name in names:
            _take(chromium, house, base, name, pages[name], folder, size, language)


def _take(chromium: Browser, house: House, base: str, name: str, path: str, folder: Path, size: tuple[int, int],
          language: str) -> None:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE,
                                   locale="zh-CN", timezone_id="Asia/Shanghai")
    page, blank = context.new_page(), context.new_page()
    page.goto(base + house.link(VISITOR if name in TAKEN[PHONE, "zh"] and name != "incident" else AT_WORK))
    page.click("button.btn-main")
    page.goto(f"{base}{path}?lang={language}")
    if name in BESIDES:
        page.evaluate("""css => {
          const found = document.querySelector(css);
          found.querySelector("details").open = true;
          found.scrollIntoView({behavior: "instant"});
        }""", BESIDES[name])
    picture = folder / f"{name}-{SIZES[size]}{'' if language == 'zh' else '-en'}.png"
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    seen = page.screenshot(animations="disabled")
    picture.write_bytes(bytes(blank.evaluate(FEWER_COLOURS, b64encode(seen).decode())))
    large = ", TOO LARGE" if picture.stat().st_size > LARGEST else ""
    wide = ", WIDER THAN ITS WINDOW" if overflow > 0 else ""
    print(f"{picture.name}: {picture.stat().st_size // 1000} kB{large}{wide}")
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/screenshots")
