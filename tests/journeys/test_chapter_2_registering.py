"""Chapter 2 of the manual, "Registro al sistema": "Al finalizar la registración, chequeá tu correo para activar la
cuenta"."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.conftest import Portal, token_of
from tests.journeys.person import Person, same_answer


def test_a_person_registers_reads_the_mail_and_is_in(portal: Portal) -> None:
    ana = Person(portal)
    asked = dt.datetime.now(ZoneInfo("America/Argentina/Buenos_Aires"))
    assert ana.register().status_code == 202
    assert ana.login().json()["code"] == "not_activated"

    mail = ana.mail("activate")
    assert mail["subject"] == "Activá tu cuenta miINTI"
    assert "Ana" in mail["text"]
    said = re.search(r"vence el (\d\d/\d\d/\d{4}) a las (\d\d:\d\d), hora de Argentina", mail["text"])
    assert said
    ends = dt.datetime.strptime(" ".join(said.groups()), "%d/%m/%Y %H:%M").replace(tzinfo=asked.tzinfo)
    assert dt.timedelta(hours=47, minutes=58) < ends - asked < dt.timedelta(hours=48, minutes=5)
    link = mail["links"][0]
    assert "?" not in link  # the token is in no address that a server sees (S11, Decided 5)
    assert link in mail["text"]
    assert link in mail["html"]

    activated = ana.ask("POST", "/v1/activate", {"token": token_of(mail)})
    assert (activated.status_code, activated.content) == (204, b"")
    assert "set-cookie" not in activated.headers  # signs nobody in (S12)
    assert ana.ask("POST", "/v1/activate", {"token": token_of(mail)}).status_code == 204
    assert ana.login().status_code == 200
    assert ana.get("/v1/me") == {
        "id": ana.get("/v1/me")["id"],
        "first_name": "Ana",
        "last_name": "Ñandú",
        "email": ana.email,
        "email_state": "ok",
    }


def test_who_lost_the_mail_asks_for_another_and_only_the_newest_is_good(portal: Portal) -> None:
    ana = Person(portal)
    ana.register()
    first = ana.mail("activate")
    assert ana.ask("POST", "/v1/activation", {"email": ana.email.upper()}).status_code == 202
    second = ana.mail("activate", after=1)
    old = ana.ask("POST", "/v1/activate", {"token": token_of(first)})
    assert (old.status_code, old.json()["code"]) == (400, "invalid_token")
    assert ana.ask("POST", "/v1/activate", {"token": token_of(second)}).status_code == 204


def test_S07_S08_a_stranger_who_registers_a_known_address_learns_nothing_and_its_owner_is_told(portal: Portal) -> None:
    ana = Person(portal)
    ana.activate()
    stranger = Person(portal, "Otro", "Nombre", ana.email, "lo que un extraño quiera")
    unknown = Person(portal)
    assert same_answer(stranger.register(), unknown.register())
    assert ana.mail("already_registered")["subject"] == "Ya tenés una cuenta miINTI"
    assert stranger.login().json()["code"] == "invalid_credentials"
    assert ana.login().json()["user"]["first_name"] == "Ana"


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ({"password": "corta"}, "password", "too_short"),
        ({"password": "password1"}, "password", "password_too_common"),
        ({"email": "no-es-un-correo"}, "email", "invalid_email"),
        ({"first_name": ""}, "first_name", "too_short"),
        ({"first_name": "www.gane-un-auto.example"}, "first_name", "invalid_name"),
    ],
)
def test_a_form_that_is_wrong_says_where_and_why_in_spanish(
    portal: Portal, form: dict[str, str], field: str, code: str
) -> None:
    answer = Person(portal).register(**form)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert error["message"].endswith(".")
    assert not re.search(r"\b(the|must|should|valid|string)\b", error["message"])
