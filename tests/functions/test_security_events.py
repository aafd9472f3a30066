"""What the log says of each event that concerns security (S75), and what it never says (S74).

The table is the one in docs/operations.md, "Security events".
"""

import io
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import time_machine

from miinti import aws, observe, settings
from miinti import clock as clocks
from miinti.accounts import throttles
from miinti.documents import mailed as mailed_links
from miinti.documents import rows
from miinti.mail import tokens
from miinti.mail import tokens as mail_tokens
from tests import documents, erp, payers, people, post
from tests.cloud import Cloud, lines
from tests.companies import CUIT, company, link
from tests.people import SignedIn, signed_in
from tests.template import sam
from tests.visitors import login, mailed, member, register

CANARY = "canari"
"""In every name, address, password, user agent and other text that people send here; never in a line."""
EMAIL = "canario@example.com"
PASSWORD = "canaria de ocho colores"
ALWAYS = {"action", "level", "location", "message", "network", "outcome", "request_id", "service", "timestamp", "trail"}
CLIENT = "198.51.100.7"
RIGHT = {"role": "client", "cuit": CUIT, "number": "27334"}

Act = Callable[[], Any]


class Scene:
    """Where an event happens: a cloud, and what people there have."""

    def __init__(self, cloud: Cloud, patch: pytest.MonkeyPatch, clock: time_machine.Traveller) -> None:
        self.cloud = cloud
        self.patch = patch
        self.clock = clock

    def member(self) -> None:
        member(self.cloud, EMAIL, password=PASSWORD, first_name="Canaria", last_name="Canarín")

    def here(self) -> SignedIn:
        people.account(self.cloud, email=EMAIL, first_name="Canaria", last_name="Canarín")
        return signed_in(self.cloud, user_agent=CANARY)

    def call(self, use_case: str, body: Any = None, **request: Any) -> Act:
        """The request, to be made once the log is being listened to."""
        request = {"headers": {"User-Agent": CANARY}, "client": CLIENT, **request}
        return lambda: self.cloud.call(use_case, body, **request)

    def login(self, password: str = PASSWORD, email: str = EMAIL) -> Act:
        return lambda: login(self.cloud, email, password, client=CLIENT, headers={"User-Agent": CANARY})

    def mailed(self, template: str, to: str = EMAIL) -> dict[str, str]:
        return {"token": mailed(self.cloud, template, to)}


def logged_in(scene: Scene) -> Act:
    scene.member()
    return scene.login()


def wrong_password(scene: Scene) -> Act:
    scene.member()
    return scene.login(f"otra {CANARY}a")


def nobodys_address(scene: Scene) -> Act:
    return scene.login()


def slowed_down(scene: Scene) -> Act:
    act = wrong_password(scene)
    for _ in range(5):
        act()
    return act


def not_activated(scene: Scene) -> Act:
    register(scene.cloud, EMAIL, password=PASSWORD)
    return scene.login()


def network_full(scene: Scene) -> Act:
    scene.cloud.ip_limits = "on"
    for _ in range(throttles.PER_MINUTE["failed-login"]):
        scene.login()()
    return scene.login()


def renewed(scene: Scene) -> Act:
    return scene.call("refresh_session", cookies=[scene.here().cookie])


def used_again(scene: Scene) -> Act:
    cookie = scene.here().cookie
    people.refreshed(scene.cloud, cookie)
    scene.clock.shift(11)
    return scene.call("refresh_session", cookies=[cookie])


def no_cookie(scene: Scene) -> Act:
    return scene.call("refresh_session", cookies=[f"__Host-session={CANARY}.{CANARY}.{CANARY * 7}x"])


def wrong_origin(scene: Scene) -> Act:
    cookies = [scene.here().cookie]
    return scene.call("refresh_session", cookies=cookies, headers={"Origin": f"https://{CANARY}.example"})


def logged_out(scene: Scene) -> Act:
    return scene.call("logout", cookies=[scene.here().cookie])


def session_ended(scene: Scene) -> Act:
    here = scene.here()
    return scene.call("end_session", token=here.token, path={"id": signed_in(scene.cloud).session_id})


def no_token(scene: Scene) -> Act:
    return scene.call("show_me", token=f"{CANARY}.{CANARY}.{CANARY}")


def token_of_an_ended_session(scene: Scene) -> Act:
    here = scene.here()
    scene.call("logout", cookies=[here.cookie])()
    return scene.call("show_me", token=here.token)


def foreign_company(scene: Scene) -> Act:
    link("a2", company())
    return scene.call("list_docs", token=scene.here().token, path={"id": "c-27334"})


def no_id(scene: Scene) -> Act:
    return scene.call("list_docs", token=scene.here().token, path={"id": f"c-{CANARY}"})


def forged_cursor(scene: Scene) -> Act:
    link("a1", company())
    return scene.call(
        "list_docs", token=scene.here().token, path={"id": "c-27334"}, query={"cursor": CANARY, "q": CANARY}
    )


def round_cloudfront(scene: Scene) -> Act:
    scene.patch.setattr(settings, "origin_hashes", lambda: ("0" * 64,))
    return scene.call("show_me", token=scene.here().token, headers={"X-Origin-Secret": CANARY})


def unknown_field(scene: Scene) -> Act:
    return scene.call("register", {"email": f"{CANARY}@", CANARY: CANARY, "role": "admin"})


def registered(scene: Scene) -> Act:
    body = {"first_name": "Canaria", "last_name": "Canarín", "email": EMAIL, "password": PASSWORD}
    return scene.call("register", body)


def activated(scene: Scene) -> Act:
    registered(scene)()
    return scene.call("activate", scene.mailed("activate"))


def mail_token_refused(scene: Scene) -> Act:
    return scene.call("activate", {"token": CANARY})


def activation_asked(scene: Scene) -> Act:
    registered(scene)()
    return scene.call("resend_activation", {"email": EMAIL})


def reset_asked(scene: Scene) -> Act:
    scene.member()
    return scene.call("forgot_password", {"email": EMAIL})


def reset_asked_for_nobody(scene: Scene) -> Act:
    return scene.call("forgot_password", {"email": EMAIL})


def reset_asked_too_often(scene: Scene) -> Act:
    act = reset_asked(scene)
    for _ in range(3):
        act()
    return act


def reset(scene: Scene) -> Act:
    reset_asked(scene)()
    return scene.call("reset_password", {**scene.mailed("reset_password"), "password": f"{CANARY}a de siete colores"})


def password_changed(scene: Scene) -> Act:
    here = scene.here()
    return scene.call("change_password", {"current_password": people.PASSWORD, "password": PASSWORD}, token=here.token)


def password_not_confirmed(scene: Scene) -> Act:
    return scene.call("change_password", {"current_password": CANARY, "password": PASSWORD}, token=scene.here().token)


def address_asked(scene: Scene) -> Act:
    body = {"email": f"otra.{EMAIL}", "password": people.PASSWORD}
    return scene.call("change_email", body, token=scene.here().token)


def address_changed(scene: Scene) -> Act:
    address_asked(scene)()
    return scene.call("confirm_email", scene.mailed("confirm_email", f"otra.{EMAIL}"))


def address_change_stopped(scene: Scene) -> Act:
    address_asked(scene)()
    return scene.call("cancel_email_change", scene.mailed("email_changing"))


def renamed(scene: Scene) -> Act:
    return scene.call("change_me", {"first_name": "Canarita"}, token=scene.here().token)


def left(scene: Scene) -> Act:
    return scene.call("leave", {"password": people.PASSWORD}, token=scene.here().token)


def linked(scene: Scene) -> Act:
    company(name="Canarios S.A.", email=f"pagos@{CANARY}.example")
    return scene.call("link_company", RIGHT, token=scene.here().token)


def no_such_company(scene: Scene) -> Act:
    return scene.call("link_company", RIGHT, token=scene.here().token)


def nothing_sent(scene: Scene) -> Act:
    """Under ``proof`` a wrong pair is a 202 like any other: only the log tells."""
    scene.cloud.link_policy = "proof"
    return no_such_company(scene)


def too_many_links(scene: Scene) -> Act:
    act = no_such_company(scene)
    for _ in range(5):
        act()
    return act


def link_asked(scene: Scene) -> Act:
    scene.cloud.link_policy = "proof"
    return linked(scene)


def code(scene: Scene, right: bool) -> Act:
    link_asked(scene)()
    (mail,) = scene.cloud.mails("link_code")
    with scene.cloud.as_function("send_mail"):
        body = {"code": tokens.link_code(mail["data"]["request_id"]) if right else CANARY}
    here = signed_in(scene.cloud)
    return scene.call("confirm_link", body, token=here.token, path={"id": mail["data"]["request_id"]})


def unlinked(scene: Scene) -> Act:
    here = scene.here()
    link("a1", company(name="Canarios S.A."))
    return scene.call("unlink_company", token=here.token, path={"id": "c-27334"})


def suspended(scene: Scene) -> Act:
    linked(scene)()
    (mail,) = scene.cloud.mails("company_linked")
    (token,) = set(re.findall(r"/objetar#t=(\S+)", post.read(scene.cloud, mail).text))
    return scene.call("object_to_link", {"token": token})


def downloaded(scene: Scene) -> Act:
    here = scene.here()
    link("a1", company())
    document = documents.made_voucher("c-27334", 1)
    documents.fill([{**document, "f": True, "file_key": "documents/x.pdf", "file_size": 1}])
    return scene.call("download", token=here.token, path={"id": "c-27334", "doc_id": document["id"]})


def mailed_document(scene: Scene, *, revoked: bool = False) -> tuple[SignedIn, str, Act]:
    """A link that a mail brought: whose, its id, and the act of opening it."""
    here = scene.here()
    grant = link(here.account_id, company())
    document = documents.made_voucher("c-27334", 1)
    documents.fill([{**document, "f": True, "file_key": "documents/x.pdf", "file_size": 1}])
    with scene.cloud.as_function("open_link"):
        entry, write = mailed_links.made(here.account_id, "c-27334", grant, document, clocks.now())
        if not revoked:
            aws.write(write)
        token = mail_tokens.sealed(mail_tokens.of_document(here.account_id, entry))
    return here, entry["link"], scene.call("open_link", {"token": token})


def link_revoked(scene: Scene) -> Act:
    here, link_id, _ = mailed_document(scene)
    return scene.call("revoke_link", token=here.token, path={"id": link_id})


def news_stopped(scene: Scene) -> Act:
    here = scene.here()
    row = {"pk": "MAIL#m1", "sk": "MAIL", "template": "documents_new", "companies": {"c-27334": "g-1"}}
    with scene.cloud.as_function("stop_news"):
        aws.write(aws.put("OutboxTable", row))
        token = mail_tokens.sealed(mail_tokens.of_news(here.account_id, "m1", clocks.now()))
    return scene.call("stop_news", query={"t": token})


def notices_chosen(scene: Scene) -> Act:
    here = scene.here()
    link(here.account_id, company())
    return scene.call("change_notifications", {"companies": {"c-27334": {}}}, token=here.token)


def exported(scene: Scene) -> Act:
    here = scene.here()
    link("a1", company())
    return scene.call("export_docs", token=here.token, path={"id": "c-27334"}, query={"format": "csv"})


def owing(scene: Scene) -> tuple[SignedIn, str]:
    """Somebody who is linked to a client, and what that owes."""
    here = scene.here()
    link(here.account_id, company())
    doc_id = "v-00205-00001514-006"
    facts = {"date": "2026-01-02", "due_date": "2026-01-02", "billed": 100, "remaining": 100}
    documents.fill([rows.row("c-27334", doc_id, facts)])
    return here, doc_id


def payment_started(scene: Scene) -> Act:
    here, doc_id = owing(scene)
    headers = {"User-Agent": CANARY, "Idempotency-Key": CANARY}
    path = {"id": "c-27334"}
    return scene.call("start_payment", {"doc_ids": [doc_id]}, token=here.token, path=path, headers=headers)


def transfer_told(scene: Scene) -> Act:
    here, doc_id = owing(scene)
    headers = {"User-Agent": CANARY, "Idempotency-Key": CANARY}
    body = {"amount": "1.00", "date": clocks.today().isoformat(), "bank": CANARY, "doc_ids": [doc_id]}
    return scene.call("tell_transfer", body, token=here.token, path={"id": "c-27334"}, headers=headers)


def payment_given_up(scene: Scene) -> Act:
    here, doc_id = owing(scene)
    path = {"id": "c-27334"}
    started = scene.cloud.call(
        "start_payment", {"doc_ids": [doc_id]}, token=here.token, path=path, headers={"Idempotency-Key": "k"}
    )
    return scene.call("cancel_payment", token=here.token, path={**path, "pid": started.json["id"]})


def notice_forged(scene: Scene) -> Act:
    headers = {"User-Agent": CANARY, "x-sandbox-signature": CANARY}
    return scene.call("take_payment_notice", raw=CANARY.encode(), headers=headers, path={"provider": "sandbox"})


def key_mailed(scene: Scene) -> Act:
    link("a1", company())
    return scene.call("mail_payment_key", token=scene.here().token, path={"id": "c-27334"})


def key_asked(scene: Scene) -> Act:
    company(email=EMAIL)
    return scene.call("forgot_payment_key", {"user": EMAIL})


def key_asked_too_often(scene: Scene) -> Act:
    act = key_asked(scene)
    for _ in range(3):
        act()
    return act


def payer_in(scene: Scene) -> Act:
    company()
    key = payers.new_key(scene.cloud)
    return scene.call("login_payer", {"user": "27334", "key": key})


def wrong_key(scene: Scene) -> Act:
    company()
    return scene.call("login_payer", {"user": "27334", "key": CANARY})


class Event(NamedTuple):
    """An act, the line it leaves (action and outcome), and the facts in it beside those of every line."""

    act: Callable[[Scene], Act]
    action: str
    outcome: str
    facts: str


EVENTS = {
    "somebody logged in": Event(logged_in, "login", "ok", "account address device ended session status"),
    "a wrong password": Event(wrong_password, "login", "invalid_credentials", "account address fact status why"),
    "an address that nobody has": Event(nobodys_address, "login", "invalid_credentials", "address fact status why"),
    "tries are slowed down": Event(slowed_down, "login", "invalid_credentials", "account address fact status why"),
    "not activated yet": Event(not_activated, "login", "not_activated", "account address fact status"),
    "a network past its limit": Event(network_full, "login", "too_many_attempts", "address fact status"),
    "a session renewed": Event(renewed, "refresh_session", "ok", "account session status"),
    "a cookie used again, the session ended": Event(used_again, "refresh_session", "refresh_reuse", "account session"),
    "a cookie refused": Event(no_cookie, "refresh_session", "invalid_session", "fact status"),
    "a page of another origin": Event(wrong_origin, "refresh_session", "wrong_origin", "fact status"),
    "somebody logged out": Event(logged_out, "logout", "ok", "account session status"),
    "a session ended": Event(session_ended, "end_session", "ok", "account session status target"),
    "no good access token": Event(no_token, "show_me", "invalid_token", "fact status"),
    "a token of an ended session": Event(
        token_of_an_ended_session, "show_me", "invalid_token", "account fact session status"
    ),
    "another's company": Event(foreign_company, "list_docs", "not_found", "account fact session status target"),
    "what is no id": Event(no_id, "list_docs", "not_found", "account fact session status target"),
    "a forged cursor": Event(forged_cursor, "list_docs", "bad_cursor", "account fact session status target"),
    "a call that goes round CloudFront": Event(round_cloudfront, "show_me", "forbidden", "fact status"),
    "fields that are none or wrong": Event(unknown_field, "register", "validation_failed", "fact faults status"),
    "an account registered": Event(registered, "register", "ok", "account address behind mail status"),
    "an account activated": Event(activated, "activate", "ok", "account status"),
    "a mail's token refused": Event(mail_token_refused, "activate", "invalid_token", "fact status"),
    "another activation mail": Event(activation_asked, "resend_activation", "ok", "account address behind mail status"),
    "a reset asked for": Event(reset_asked, "forgot_password", "ok", "account address behind mail status"),
    "a reset asked for at nobody's address": Event(
        reset_asked_for_nobody, "forgot_password", "ok", "address behind mail status"
    ),
    "a reset asked for too often": Event(
        reset_asked_too_often, "forgot_password", "ok", "account address behind mail status"
    ),
    "a password reset, every session ended": Event(reset, "reset_password", "ok", "account ended status"),
    "a password changed, other sessions ended": Event(
        password_changed, "change_password", "ok", "account ended session status"
    ),
    "the password asked again is wrong": Event(
        password_not_confirmed, "change_password", "invalid_credentials", "account fact session status"
    ),
    "another address asked for": Event(address_asked, "change_email", "ok", "account address session status"),
    "the address changed": Event(address_changed, "confirm_email", "ok", "account address status"),
    "a change of address stopped": Event(address_change_stopped, "cancel_email_change", "ok", "account status"),
    "a name changed": Event(renamed, "change_me", "ok", "account session status"),
    "an account deleted": Event(left, "leave", "ok", "account ended session status"),
    "a company linked": Event(linked, "link_company", "ok", "account company proof session status"),
    "no such company": Event(
        no_such_company, "link_company", "company_not_found", "account company fact session status"
    ),
    "links tried too often": Event(
        too_many_links, "link_company", "too_many_attempts", "account company fact session status"
    ),
    "a link asked for": Event(link_asked, "link_company", "ok", "account code company link_request session status"),
    "a link confirmed by its code": Event(
        lambda scene: code(scene, True), "confirm_link", "ok", "account company proof session status target"
    ),
    "a wrong code": Event(
        lambda scene: code(scene, False), "confirm_link", "invalid_code", "account fact session status target"
    ),
    "a company unlinked": Event(unlinked, "unlink_company", "ok", "account session status target"),
    "a link suspended by an objection": Event(suspended, "object_to_link", "ok", "account company status"),
    "a document downloaded": Event(downloaded, "download", "ok", "account session status target"),
    "a mailed link opened": Event(
        lambda scene: mailed_document(scene)[2], "open_link", "ok", "account company document mailed status"
    ),
    "a mailed link that is over": Event(
        lambda scene: mailed_document(scene, revoked=True)[2],
        "open_link",
        "link_expired",
        "account company document fact mailed status",
    ),
    "a mailed link revoked": Event(link_revoked, "revoke_link", "ok", "account session status target"),
    "news chosen": Event(notices_chosen, "change_notifications", "ok", "account session status"),
    "news stopped by one click": Event(news_stopped, "stop_news", "ok", "account status"),
    "a list exported": Event(exported, "export_docs", "ok", "account session status target"),
    "a payment started": Event(payment_started, "start_payment", "ok", "account company payment session status target"),
    "a transfer told of": Event(transfer_told, "tell_transfer", "ok", "account company session status target transfer"),
    "a payment given up": Event(
        payment_given_up, "cancel_payment", "ok", "account company payment session status target"
    ),
    "a payment key mailed": Event(
        key_mailed, "mail_payment_key", "ok", "account address company mail session status target"
    ),
    "a payment key asked for": Event(key_asked, "forgot_payment_key", "ok", "address mail status"),
    "a payment key asked for too often": Event(key_asked_too_often, "forgot_payment_key", "ok", "address mail status"),
    "a client came in to pay": Event(payer_in, "login_payer", "ok", "address company ended session status"),
    "a wrong payment key": Event(wrong_key, "login_payer", "invalid_credentials", "address fact status why"),
    "a notice that no payment provider signed": Event(
        notice_forged, "take_payment_notice", "invalid_signature", "fact status target why"
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_S75_each_event_leaves_its_line_and_S74_nothing_that_was_sent(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller, log: io.StringIO, name: str
) -> None:
    event = EVENTS[name]
    act = event.act(Scene(cloud, monkeypatch, clock))
    lines(log)
    act()
    raw = log.getvalue()
    (line,) = [one for one in lines(log) if one["outcome"] == event.outcome]
    assert (line["action"], line["level"]) == (event.action, "INFO")
    assert line["request_id"] == "req-1"
    assert line["network"] == observe.masked(CLIENT)
    assert line["trail"] is True
    assert " ".join(sorted(set(line) - ALWAYS)) == event.facts
    assert CANARY not in raw.lower()
    for secret in (people.PASSWORD, "eyJ", "__Host-"):
        assert secret not in raw


def matches(pattern: str, line: dict[str, Any]) -> bool:
    """CloudWatch's filter pattern, as far as the metrics use it: fields that equal a text, any of them or all."""
    ways = pattern.removeprefix("{ ").removesuffix(" }").split(" || ")
    fields = [[re.fullmatch(r'\$\.(\w+) = "(\w+)"', field) for field in way.split(" && ")] for way in ways]
    assert all(map(all, fields)), pattern
    return any(all(field is not None and line.get(field[1]) == field[2] for field in way) for way in fields)


def fault(scene: Scene) -> Act:
    act = scene.call("show_me", token=scene.here().token)
    scene.cloud.faults["dynamodb:BatchGetItem"] = RuntimeError()
    return act


def quarantined(scene: Scene) -> Act:
    return lambda: erp.take(scene.cloud, erp.drop("files/1.pdf", b"MZ"))


def file_taken(scene: Scene) -> Act:
    return lambda: erp.delivered(scene.cloud, "companies.csv", erp.sample_bytes("companies"))


COUNTED: dict[str, list[Callable[[Scene], Act]]] = {
    "AuthFailures": [wrong_password, nobodys_address, slowed_down, password_not_confirmed],
    "Deliveries": [file_taken],
    "Faults": [fault],
    "LinkFailures": [no_such_company, lambda scene: code(scene, False), nothing_sent],
    "Quarantined": [quarantined],
    "RefreshReuse": [used_again],
}
FILTERS = {
    one["Properties"]["MetricTransformations"][0]["MetricName"]: one["Properties"]["FilterPattern"]
    for one in sam.source()["Resources"].values()
    if one["Type"] == "AWS::Logs::MetricFilter"
}


@pytest.mark.parametrize(("metric", "number"), [(name, n) for name, acts in COUNTED.items() for n in range(len(acts))])
def test_R15_what_an_alarm_counts_is_what_functions_log(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
    log: io.StringIO,
    metric: str,
    number: int,
) -> None:
    act = COUNTED[metric][number](Scene(cloud, monkeypatch, clock))
    lines(log)
    act()
    said = lines(log)
    assert {name: sum(matches(pattern, line) for line in said) for name, pattern in FILTERS.items()} == {
        name: int(name == metric) for name in COUNTED
    }


def test_S75_the_runbook_tells_of_the_same_events() -> None:
    text = (sam.ROOT / "docs" / "operations.md").read_text()
    table = text.partition("## Security events\n")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\| ([^|]+) \| (`\w+` / `\w+` \| [^|]+) \|$", table, re.MULTILINE))
    known = {
        name: f"`{event.action}` / `{event.outcome}` | {', '.join(f'`{fact}`' for fact in event.facts.split())}"
        for name, event in EVENTS.items()
    }
    assert told == known


def test_S75_every_route_that_changes_something_is_in_the_table() -> None:
    changing = {
        sam.folder(one)
        for one in sam.functions().values()
        for call in one["Properties"].get("Events", {}).values()
        if call["Properties"].get("Method", "GET").upper() != "GET"
    }
    assert changing <= {event.action for event in EVENTS.values()}
