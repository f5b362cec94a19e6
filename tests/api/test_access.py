"""Who may call what: every call with no token, a wrong one, a reader's and a writer's, and on an unknown incident."""

import pytest

from incident_clock.people import access, sign_in
from incident_clock.people.tokens import revoke_token
from incident_clock.web.api import examples
from tests.api.rig import LABEL, PHONE, Api, complaints

CALLS = [  # method, path under the incident, action, status for one who may
    ("POST", None, access.WRITE, 201),
    ("GET", None, access.READ, 200),
    ("GET", "", access.READ, 200),
    ("POST", f"{PHONE}/log", access.LOG, 200),
    ("POST", f"{PHONE}/withdraw", access.WRITE, 409),  # nothing is logged yet
    ("POST", "/close", access.WRITE, 409),  # steps are open
    ("GET", "/timeline", access.READ, 200),
    ("GET", "/messages", access.READ, 200),
    ("GET", "/calls", access.READ, 200),
    ("POST", "/acknowledge", access.LOG, 409),  # nobody was called yet
    ("POST", "/resend", access.LOG, 409),
]
BODIES = {None: {"title": "井盖破损"}, "/acknowledge": examples.ACKNOWLEDGEMENT, "/resend": examples.RESENDING}
every_call = pytest.mark.parametrize(("method", "under", "action", "allowed"), CALLS)


def path_of(api: Api, under: str | None) -> str:
    return "/incidents" if under is None else api.registered() + under


@every_call
def test_without_a_token_every_call_is_refused(api: Api, method: str, under: str | None, action: str, allowed: int):
    told = api.call(method, path_of(api, under), role=None)
    assert told.status_code == 401
    assert told.headers["WWW-Authenticate"] == 'Bearer realm="incident-clock"'
    assert complaints(told) == {None: "请在请求头里带上令牌，写成 Authorization: Bearer 令牌"}


@every_call
@pytest.mark.parametrize("header", ["Bearer nobody's", "Bearer", "Bearer a=b", "bearer \x80", "Basic emhvdTp4", "x"])
def test_a_wrong_token_is_refused(api: Api, method: str, under: str | None, action: str, allowed: int, header: str):
    told = api.call(method, path_of(api, under), role=None, headers={"Authorization": header})
    assert told.status_code == 401
    assert "令牌" in complaints(told)[None]


@every_call
@pytest.mark.parametrize("role", ["duty_officer", "duty_leader", "auditor", "admin"])
def test_a_token_may_what_its_role_may(api: Api, method: str, under: str | None, action: str, allowed: int, role: str):
    told = api.call(method, path_of(api, under), BODIES.get(under, {}), role=role)
    if access.may([role], action):
        assert told.status_code == allowed, told.text
    else:
        assert told.status_code == 403
        assert access.role_title(role) in complaints(told)[None]


@pytest.mark.parametrize(("method", "under", "action", "allowed"), [call for call in CALLS if call[1] is not None])
@pytest.mark.parametrize("unknown", ["2026-0999", "999", "2147483648", "9" * 40, "x", "%00", "-1", "１", "2026-0001 "])
def test_an_unknown_incident_is_not_found(api: Api, method: str, under: str, action: str, allowed: int, unknown: str):
    api.registered()
    told = api.call(method, f"/incidents/{unknown}{under}", BODIES.get(under, {}))
    assert told.status_code == 404
    assert "请核对编号" in complaints(told)[None]


@pytest.mark.parametrize("unknown", ["phone", "%00", "电话"])
def test_an_unknown_step_is_told_which_steps_there_are(api: Api, unknown: str):
    told = api.post(f"{api.registered()}/steps/{unknown}/log")
    assert told.status_code == 404
    assert "phone_report、preliminary_report" in complaints(told)[None]


def test_the_role_is_looked_at_before_the_body(api: Api):
    assert api.call("POST", "/incidents", role="auditor", data="{", content_type="text/plain").status_code == 403


def test_a_revoked_token_no_longer_counts(api: Api):
    assert api.get("/incidents").status_code == 200
    with api.assembly.store.write() as session:
        revoke_token(session, LABEL, api.clock.now())
    assert "已停用" in complaints(api.get("/incidents"))[None]


def test_a_browsers_session_opens_no_call_of_the_api(api: Api):
    browser = api.app.test_client()
    with api.assembly.store.write() as session:
        token = sign_in.open_session(session, "zhou", api.clock.now())
    with browser.session_transaction() as kept:
        kept["_user_id"] = token
    assert browser.get("/").status_code == 200
    assert browser.get("/api/v1/incidents").status_code == 401
    assert browser.get("/api/v1/incidents", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_call_with_a_token_needs_no_form_token_and_leaves_no_cookie(api: Api):
    told = api.post("/incidents", {"title": "井盖破损"})
    assert told.status_code == 201
    assert "Set-Cookie" not in told.headers


def test_the_ledger_names_the_token_by_its_label_and_role(api: Api):
    first = api.get(f"{api.registered()}/timeline").json["entries"][0]
    assert (first["actor"], first["actor_role"]) == (LABEL, "duty_officer")
