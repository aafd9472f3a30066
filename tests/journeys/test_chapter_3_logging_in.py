"""Chapter 3 of the manual, "Ingreso al sistema": mail address and password, then the start page; who is client and
supplier both registers once and links both."""

from tests.journeys.conftest import Portal, read
from tests.journeys.person import Person, same_answer


def test_a_session_from_login_to_logout(portal: Portal) -> None:
    ana = Person(portal)
    ana.activate()
    answer = ana.login(remember=True)
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "user"}
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-session=")]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"secure", "httponly", "samesite=strict", "path=/", "max-age=2592000"}

    old = ana.access_token
    renewed = ana.ask("POST", "/v1/session/refresh")
    assert renewed.status_code == 200
    ana.access_token = renewed.json()["access_token"]
    assert ana.access_token != old
    assert ana.lets_in()

    assert ana.ask("POST", "/v1/session/logout").status_code == 204
    assert not ana.lets_in()  # the access token too, at once (S34)
    assert ana.ask("POST", "/v1/session/refresh").json()["code"] == "invalid_session"


def test_S07_a_wrong_password_and_an_unknown_address_look_alike(portal: Portal) -> None:
    ana = Person(portal)
    ana.activate()
    wrong, nobody = ana.login("otra clave distinta"), Person(portal).login()
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    assert same_answer(wrong, nobody)


def test_S36_a_person_sees_where_they_are_logged_in_and_ends_one(portal: Portal) -> None:
    ana = Person(portal).arrive()
    phone = ana.elsewhere()
    assert phone.login().status_code == 200
    assert ana.mail("new_login")["subject"] == "Ingresaron a tu cuenta miINTI desde un dispositivo nuevo"  # S23
    sessions = ana.get("/v1/sessions")["items"]
    assert [one["current"] for one in sessions].count(True) == 1
    [other] = [one["id"] for one in sessions if not one["current"]]
    assert ana.ask("DELETE", f"/v1/sessions/{other}").status_code == 204
    assert not phone.lets_in()
    assert phone.ask("POST", "/v1/session/refresh").status_code == 401
    assert ana.lets_in()


def test_who_is_client_and_supplier_registers_once_and_links_both(portal: Portal) -> None:
    ana = Person(portal).arrive()
    assert ana.get("/v1/companies") == {"items": [], "total": 0, "next": None}
    rows = read(portal.sample, "companies")
    for kind in ("Cliente", "Proveedor"):
        ana.linked(next(row for row in rows if row["kind"] == kind))
    assert {company["role"] for company in ana.get("/v1/companies")["items"]} == {"client", "supplier"}
    [only] = ana.get("/v1/companies", role="supplier")["items"]
    assert only["role"] == "supplier"
    assert only["balance"] is None


def test_a_person_changes_names_password_and_address_and_leaves(portal: Portal) -> None:
    ana = Person(portal).arrive()
    assert ana.ask("PATCH", "/v1/me", {"last_name": "Ñandú de Pérez"}).json()["last_name"] == "Ñandú de Pérez"

    form = {"current_password": ana.password, "password": "otra clave, con ñandúes"}
    assert ana.ask("POST", "/v1/password", form).status_code == 204
    assert ana.login().json()["code"] == "invalid_credentials"
    ana.password = form["password"]
    assert ana.login().status_code == 200
    assert ana.mail("password_changed")["subject"] == "Cambió tu contraseña de miINTI"

    new = Person(portal, email="nuevo." + ana.email)
    assert ana.ask("POST", "/v1/me/email", {"email": new.email, "password": ana.password}).status_code == 202
    assert ana.mail("email_changing")
    assert ana.get("/v1/me")["email"] == ana.email  # nothing changes before it is confirmed
    token = new.mail("confirm_email")["links"][0].partition("#t=")[2]
    assert ana.ask("POST", "/v1/me/email/confirm", {"token": token}).status_code == 204
    assert ana.mail("email_changed")
    assert ana.login().json()["code"] == "invalid_credentials"
    ana.email = new.email
    assert ana.login().status_code == 200

    assert ana.ask("DELETE", "/v1/me", {"password": ana.password}).status_code == 204
    assert not ana.lets_in()
    assert ana.mail("account_deleted")["subject"] == "Eliminamos tu cuenta miINTI"
    assert ana.login().json()["code"] == "invalid_credentials"
