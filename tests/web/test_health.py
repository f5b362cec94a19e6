"""What watchdogs read, without signing in."""

from datetime import timedelta

from sqlalchemy import text

from tests.web.house import House


def test_it_is_alive_whatever_else_is_wrong(house: House) -> None:
    assert house.client().get("/healthz").json == {"status": "alive"}


def test_it_is_ready_with_the_schema_it_expects_and_says_why_when_not(house: House) -> None:
    assert house.client().get("/readyz").json == {"status": "ready"}
    with house.assembly.store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = house.client().get("/readyz")
    assert answer.status_code == 503
    assert "newer version" in answer.json["reason"]


def test_the_engine_is_ready_while_it_ticks(house: House) -> None:
    assert house.client().get("/readyz/engine").json == {"status": "ready"}
    house.clock.advance(timedelta(seconds=20))
    answer = house.client().get("/readyz/engine")
    assert answer.status_code == 503
    assert answer.json["reason"] == "the last tick was 22 s ago"
