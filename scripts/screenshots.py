"""Makes the pictures of docs/screenshots: real pages over a real engine's work, on a database that is thrown away.

    .venv/bin/python scripts/screenshots.py [folder]

The example bureau gets two more people for each role that takes turns, a roster and four incidents; engine and sender
play them second by second. Needs what the suite needs, a Chromium among it (tests/chromium.py).
"""

import logging
import sys
import tempfile
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser
from werkzeug.serving import make_server

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from incident_clock.people.duty_tables import Absence, Shift  # noqa: E402
from incident_clock.people.tables import ContactMethod, Person  # noqa: E402
from incident_clock.store.session import Store  # noqa: E402
from tests.chromium import browser  # noqa: E402
from tests.schema import create_from_models  # noqa: E402
from tests.web.house import House, at, billboard  # noqa: E402

VISITOR, AT_WORK = "shen", "zhou"  # the administrator sees every page; the officer has the forms of an incident
PHONE, DESK = (390, 844), (1366, 640)
LARGEST = 150_000  # bytes of one picture
TAKEN = {  # size, language → the pages
    (PHONE, "zh"): ("directory", "roster", "readiness", "forecast", "handover", "outbox", "incident"),
    (DESK, "zh"): ("roster", "readiness", "outbox"), (PHONE, "en"): ("readiness", "incident"),
}
NEW = (("jiang2", "蒋子", "duty_officer", "zhou"), ("qin", "秦寅", "duty_chief", "wu"),
       ("he", "何辰", "duty_chief", None), ("you", "尤巳", "publicity_chief", "chen"),
       ("chugeng", "褚午", "duty_leader", "zheng"))
TURNS = {"duty_officer": ("zhou", "jiang2"), "duty_chief": ("wu", "qin", "he"), "duty_leader": ("zheng", "chugeng")}
FEWER_COLOURS = """async png => {
  const image = new Image(); image.src = "data:image/png;base64," + png; await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), ink = canvas.getContext("2d");
  ink.drawImage(image, 0, 0);
  const all = ink.getImageData(0, 0, image.width, image.height);
  for (let at = 0; at < all.data.length; at++) all.data[at] = 17 * Math.round(all.data[at] / 17);
  ink.putImageData(all, 0, 0);
  return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
}"""
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
        pages = {"directory": "/directory", "roster": "/roster", "readiness": "/readiness", "handover": "/handover",
                 "forecast": f"/incidents/{number}/forecast", "outbox": "/outbox", "incident": f"/incidents/{number}"}
        with browser() as chromium:
            for (size, language), names in TAKEN.items():
                for name in names:
                    _take(chromium, house, f"http://127.0.0.1:{server.server_port}", name, pages[name], folder, size,
                          language)
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


def _take(chromium: Browser, house: House, base: str, name: str, path: str, folder: Path, size: tuple[int, int],
          language: str) -> None:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE,
                                   locale="zh-CN", timezone_id="Asia/Shanghai")
    page, blank = context.new_page(), context.new_page()
    page.goto(base + house.link(AT_WORK if name == "incident" else VISITOR))
    page.click("button.btn-main")
    page.goto(f"{base}{path}?lang={language}")
    picture = folder / f"{name}-{'phone' if size == PHONE else 'desk'}{'' if language == 'zh' else '-en'}.png"
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    seen = page.screenshot(animations="disabled")
    picture.write_bytes(bytes(blank.evaluate(FEWER_COLOURS, b64encode(seen).decode())))
    large = ", TOO LARGE" if picture.stat().st_size > LARGEST else ""
    wide = ", WIDER THAN ITS WINDOW" if overflow > 0 else ""
    print(f"{picture.name}: {picture.stat().st_size // 1000} kB{large}{wide}")
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/screenshots")
