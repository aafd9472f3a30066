"""Chapter 5 of the manual, "Reseteo de contraseña": the mail brings a link where the password is set anew."""

from tests.journeys.conftest import Portal, token_of
from tests.journeys.person import Person, same_answer


def test_S13_who_forgot_the_password_gets_back_in_and_every_other_session_ends(portal: Portal) -> None:
    ana = Person(portal).arrive()
    elsewhere = ana.elsewhere()
    elsewhere.login()
    assert ana.ask("POST", "/v1/password/forgot", {"email": ana.email}).status_code == 202
    mail = ana.mail("reset_password")
    assert mail["subject"] == "Restablecé tu contraseña"
    assert "hora de Argentina" in mail["text"]

    form = {"token": token_of(mail), "password": "una clave recién elegida"}
    assert ana.ask("POST", "/v1/password/reset", {**form, "password": "corta"}).status_code == 422
    assert ana.ask("POST", "/v1/password/reset", form).status_code == 204
    assert not ana.lets_in()
    assert not elsewhere.lets_in()
    assert ana.login().json()["code"] == "invalid_credentials"
    ana.password = form["password"]
    assert ana.login().status_code == 200
    assert ana.mail("password_changed")

    again = ana.ask("POST", "/v1/password/reset", {**form, "password": "y otra clave más"})
    assert (again.status_code, again.json()["code"]) == (400, "invalid_token")


def test_S07_asking_for_an_unknown_address_looks_the_same_and_mails_nobody(portal: Portal) -> None:
    ana, nobody = Person(portal), Person(portal)
    ana.activate()
    answers = [one.ask("POST", "/v1/password/forgot", {"email": one.email}) for one in (ana, nobody)]
    assert same_answer(*answers)
    assert ana.mail("reset_password")
    assert portal.mails(nobody.email) == []


def test_who_never_activated_gets_the_activation_again(portal: Portal) -> None:
    ana = Person(portal)
    ana.register()
    ana.mail("activate")
    assert ana.ask("POST", "/v1/password/forgot", {"email": ana.email}).status_code == 202
    assert ana.mail("activate", after=1)
    assert portal.mails(ana.email, "reset_password") == []
