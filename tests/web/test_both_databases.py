"""The pages over each database: the same walk through all of them, odd characters included."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from incident_clock.store.session import Store
from tests.web.house import House, at


@pytest.fixture
def any_house(store: Store, tmp_path: Path) -> Iterator[House]:
    opened = House.open(store.url.render_as_string(hide_password=False), tmp_path, now=at("14:05:30"))
    yield opened
    opened.close()


def test_a_walk_through_every_page(any_house: House) -> None:
    house, visitor = any_house, any_house.client("zhou")
    form = {"title": "𠮷野家招牌坠落🚨", "source": "网上巡查"}
    answer = visitor.submit("/register", form, page="/register")
    assert answer.location == "/incidents/2026-0001"
    house.play(at("14:21"))
    log = f"{answer.location}/steps/phone_report/log"
    assert visitor.submit(log, {"report_to": "区总值班室"}, page=answer.location).status_code == 303
    withdraw = f"{answer.location}/steps/phone_report/withdraw"
    assert visitor.submit(withdraw, {"reason": "拨错号码"}, page=answer.location).status_code == 303
    for path in ("/", "/incidents", "/incidents?q=𠮷", "/outbox", "/outbox?state=queued", answer.location, "/register",
                 "/fragments/board", "/fragments/outbox", f"/fragments{answer.location}", "/readyz"):
        assert visitor.get(path).status_code == 200, path


@pytest.mark.parametrize("odd", ["\0", "\ud7ff", "𠮷", "%", "'", "\\", "\u202e", "a" * 3000])
def test_odd_characters_never_reach_the_database_unasked(any_house: House, odd: str) -> None:
    visitor = any_house.client("zhou")
    assert visitor.get("/incidents", query_string={"q": odd}).status_code == 200
    assert visitor.get(f"/incidents/{odd.encode().hex()}").status_code == 404
    for path in ("/incidents/x", "/fragments/incidents/x", "/sign-in/x"):
        assert visitor.get(path.replace("x", "%00" if odd == "\0" else odd[:50])).status_code in (302, 404, 410)
    strange = visitor.submit("/register", {"title": "x", "key": odd, "protocol": odd, "source": odd, "place": odd},
                             page="/register")
    assert strange.status_code in (303, 422)
    signed_out = any_house.client().submit("/sign-in", {"account": odd, "password": odd}, page="/sign-in")
    assert signed_out.status_code in (401, 422)
