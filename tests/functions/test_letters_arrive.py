"""What functions write into the outbox is what the letters say: each is rendered from the row its function wrote."""

import re
from typing import Any

import pytest
import time_machine

from tests import companies, people
from tests.cloud import Cloud
from tests.people import PASSWORD
from tests.post import Post

ANA, NEW = "ana@example.com", "ana.nueva@example.com"
PORTAL = "https://mi.inti.example"
SECOND = "doce sapos colorados"
LINK = {"role": "client", "cuit": companies.CUIT, "number": "27334"}


class Mailbox:
    """Letters as they come: ``next`` walks the way and answers those that came since."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud, self._post, self._read = cloud, Post(cloud), 0

    def next(self) -> dict[tuple[str, str], str]:
        """(template, address) → text."""
        self._post.run()
        came, self._read = self._cloud.letters[self._read :], len(self._cloud.letters)
        assert self._post.waiting() == 0
        assert self._post.pending == self._post.exhausted == self._post.dead() == []
        return {
            (letter["EmailTags"][0]["Value"], letter["Destination"]["ToAddresses"][0]): letter["Content"]["Simple"][
                "Body"
            ]["Text"]["Data"]
            for letter in came
        }


@pytest.fixture
def mailbox(cloud: Cloud) -> Any:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        yield Mailbox(cloud)


def token(text: str, page: str) -> str:
    (found,) = re.findall(rf"{PORTAL}{page}#t=(\S+)", text)
    return str(found)


def done(cloud: Cloud, use_case: str, body: Any = None, status: int = 204, **more: Any) -> Any:
    answer = cloud.call(use_case, body, **more)
    assert answer.status == status, answer.text
    return answer.json


def test_an_accounts_letters_from_its_first_to_its_last(cloud: Cloud, mailbox: Mailbox) -> None:
    person = {"first_name": "Ana", "last_name": "Ñandú", "email": ANA, "password": PASSWORD}
    done(cloud, "register", person, 202)
    came = mailbox.next()
    assert set(came) == {("activate", ANA)}
    assert "vence el 26/11/2026 a las 09:00, hora de Argentina" in came["activate", ANA]
    done(cloud, "activate", {"token": token(came["activate", ANA], "/activar")})

    done(cloud, "register", person, 202)
    assert set(mailbox.next()) == {("already_registered", ANA)}

    done(cloud, "forgot_password", {"email": ANA}, 202)
    came = mailbox.next()
    assert set(came) == {("reset_password", ANA)}
    assert "vence el 24/11/2026 a las 10:00, hora de Argentina" in came["reset_password", ANA]
    reset = {"token": token(came["reset_password", ANA], "/restablecer"), "password": SECOND}
    done(cloud, "reset_password", reset)
    assert set(mailbox.next()) == {("password_changed", ANA)}

    access = done(cloud, "login", {"email": ANA, "password": SECOND}, 200)["access_token"]
    done(cloud, "change_email", {"email": NEW, "password": SECOND}, 202, token=access)
    came = mailbox.next()
    assert set(came) == {("confirm_email", NEW), ("email_changing", ANA)}
    assert NEW in came["confirm_email", NEW]
    assert NEW not in came["email_changing", ANA]
    done(cloud, "cancel_email_change", {"token": token(came["email_changing", ANA], "/cancelar-correo")})
    stopped = cloud.call("confirm_email", {"token": token(came["confirm_email", NEW], "/confirmar-correo")})
    assert (stopped.status, stopped.code) == (400, "invalid_token")

    done(cloud, "change_email", {"email": NEW, "password": SECOND}, 202, token=access)
    came = mailbox.next()
    done(cloud, "confirm_email", {"token": token(came["confirm_email", NEW], "/confirmar-correo")})
    assert set(mailbox.next()) == {("email_changed", ANA)}

    access = done(cloud, "login", {"email": NEW, "password": SECOND}, 200)["access_token"]
    done(cloud, "leave", {"password": SECOND}, token=access)
    # The second login, on a browser that bears no device's cookie, is told too.
    assert set(mailbox.next()) == {("account_deleted", NEW), ("new_login", NEW)}


def test_a_link_is_told_of_and_the_objection_in_the_letter_suspends_it(cloud: Cloud, mailbox: Mailbox) -> None:
    companies.company()
    companies.person(cloud, "a2", "bea@example.com", first_name="Bea")
    companies.link("a2", "c-27334")
    access = companies.person(cloud, "a1", ANA, first_name="Ana", last_name="Ñandú")
    done(cloud, "link_company", LINK, 201, token=access)
    came = mailbox.next()
    assert set(came) == {("company_linked", companies.ON_FILE), ("company_linked_member", "bea@example.com")}
    text = came["company_linked", companies.ON_FILE]
    assert "Empresa: ADM. FEDERAL DE ING. PUBLICOS (CUIT 33-69345023-9)" in text
    assert f"Persona: Ana Ñandú ({ANA})" in text
    assert "hasta el 24/12/2026 a las 09:00, hora de Argentina" in text
    assert "Ana Ñandú vinculó ADM. FEDERAL DE ING. PUBLICOS" in came["company_linked_member", "bea@example.com"]
    done(cloud, "object_to_link", {"token": token(text, "/objetar")})
    assert companies.links(cloud, "a1") == {("a1", "c-27334"): "suspended"}


def test_the_code_in_the_letter_makes_the_link(cloud: Cloud, mailbox: Mailbox) -> None:
    cloud.link_policy = "proof"
    companies.company()
    access = companies.person(cloud, "a1", ANA, first_name="Ana", last_name="Ñandú")
    request_id = done(cloud, "link_company", LINK, 202, token=access)["request_id"]
    came = mailbox.next()
    assert set(came) == {("link_code", companies.ON_FILE)}
    text = came["link_code", companies.ON_FILE]
    assert "vence el 27/11/2026 a las 09:00, hora de Argentina" in text
    (code,) = re.findall(r"^[A-Z2-9]{6}$", text, re.MULTILINE)
    done(cloud, "confirm_link", {"code": code}, 201, token=access, path={"id": request_id})
    assert set(mailbox.next()) == {("company_linked", companies.ON_FILE)}


def test_a_request_with_no_company_behind_it_writes_to_nobody(cloud: Cloud, mailbox: Mailbox) -> None:
    cloud.link_policy = "proof"
    access = companies.person(cloud, "a1", ANA)
    done(cloud, "link_company", LINK, 202, token=access)
    done(cloud, "forgot_password", {"email": "nobody@example.com"}, 202)
    assert mailbox.next() == {}
    assert people.works(cloud, access)
