"""GET /v1/me/data: all that is held of the person, and nothing of anybody else."""

import time_machine

from miinti import aws, observe
from miinti import clock as clocks
from miinti.accounts import sessions
from miinti.documents import mailed
from miinti.mail import outbox, returns
from miinti.mail.outbox import Letter
from tests import documents, payments, people, visitors
from tests.cloud import Cloud
from tests.companies import company, link
from tests.people import account, signed_in
from tests.post import Post
from tests.staff import ARN, done, sent_by_the_log

EMAIL = "ana@example.com"


def test_S78_all_that_is_held_of_a_person_and_nothing_secret(cloud: Cloud, clock: time_machine.Traveller) -> None:
    account(cloud)
    account(cloud, "b1", email="bo@example.com")
    here, _ = signed_in(cloud), signed_in(cloud)
    link("a1", company())
    link("b1", "c-27334")
    document = documents.made_voucher("c-27334", 1)
    documents.fill([document])
    chosen = {"companies": {"c-27334": {"news": {"voucher": "attachment"}, "reminders": True}}}
    assert cloud.call("change_notifications", chosen, token=here.token).status == 204
    with cloud.as_function("relay_outbox"):
        entry, write = mailed.made("a1", "c-27334", "g", document, clocks.now())
        aws.write(write)
    cloud.link_policy = "proof"
    body = {"role": "supplier", "cuit": "33693450239", "number": "77"}
    request_id = cloud.call("link_company", body, token=here.token).json["request_id"]
    cloud.call("change_email", {"email": "nueva@example.com", "password": people.PASSWORD}, token=here.token)
    done(cloud, "look_up", "person", person="a1")
    done(cloud, "look_up", "person", person="b1")
    event = {"action": "login", "outcome": "ok", "account": "a1", "network": "0" * 12, "trail": True}
    cloud.invoke("keep_events", sent_by_the_log([event, {**event, "account": "b1"}]))

    told = cloud.call("show_my_data", token=here.token)
    assert told.status == 200
    data = told.json
    assert (data["account"]["email"], data["account"]["new_email"]) == (EMAIL, "nueva@example.com")
    assert len(data["sessions"]) == 2
    assert data["account"]["email_state"] == "ok"
    (held,) = data["links"]
    assert (held["company"], held["news"]["voucher"], held["reminders"]) == ("c-27334", "attachment", True)
    assert [(one["id"], one["document"]) for one in data["mailed_links"]["items"]] == [(entry["link"], document["id"])]
    assert [one["request_id"] for one in data["link_requests"]] == [request_id]
    assert [one["template"] for one in data["mails"]] == ["email_changing"]
    assert {(one["kind"], one["action"]) for one in data["audit"]["items"]} == {("staff", "person"), ("event", "login")}
    for foreign in ("bo@example.com", '"b1"', ARN, "hash", "nonce", "grant"):
        assert foreign not in told.text


def test_S78_the_trail_goes_on_page_by_page(cloud: Cloud) -> None:
    account(cloud)
    here = signed_in(cloud)
    events = [{"action": "login", "outcome": "ok", "account": "a1", "trail": True} for _ in range(230)]
    cloud.invoke("keep_events", sent_by_the_log(events))
    seen = 0
    query: dict[str, str] = {}
    for _ in range(4):
        page = cloud.call("show_my_data", token=here.token, query=query).json["audit"]
        seen += len(page["items"])
        if page["next"] is None:
            break
        query = {"cursor": page["next"]}
    assert seen == 230
    account(cloud, "b1", email="bo@example.com")
    theirs = cloud.call("show_my_data", token=signed_in(cloud, "b1").token, query=query)
    assert (theirs.status, theirs.code) == (400, "bad_cursor")


def test_S78_however_many_links_mails_brought_each_is_told_once_and_no_answer_grows_with_them(cloud: Cloud) -> None:
    """2,500 here; a mail brings fifty and an hour four mails, for thirty days."""
    account(cloud)
    here = signed_in(cloud)
    link("a1", company())
    document = documents.made_voucher("c-27334", 1)
    with cloud.as_function("relay_outbox"):
        made = [mailed.made("a1", "c-27334", "g", document, clocks.now()) for _ in range(2500)]
        for start in range(0, len(made), 100):
            aws.transact([write for _, write in made[start : start + 100]])
    events = [{"action": "login", "outcome": "ok", "account": "a1", "trail": True} for _ in range(130)]
    cloud.invoke("keep_events", sent_by_the_log(events))
    first = cloud.call("show_my_data", token=here.token)
    answers, query = [first], {"cursor": first.json["mailed_links"]["next"]}
    while query["cursor"]:
        answers.append(cloud.call("show_my_data", token=here.token, query=query))
        query = {"cursor": answers[-1].json["mailed_links"]["next"]}
    assert [len(answer.json["mailed_links"]["items"]) for answer in answers] == [1000, 1000, 500]
    told = [one["id"] for answer in answers for one in answer.json["mailed_links"]["items"]]
    assert sorted(told) == sorted(entry["link"] for entry, _ in made)
    # Of AWS's six megabytes an answer keeps well away.
    assert max(len(answer.text) for answer in answers) < 500_000
    assert all(answer.json["links"] == first.json["links"] for answer in answers)
    # The trail goes on by a cursor of its own, and the links then begin again.
    more = cloud.call("show_my_data", token=here.token, query={"cursor": first.json["audit"]["next"]}).json
    assert (len(more["audit"]["items"]), len(more["mailed_links"]["items"])) == (30, 1000)


def came_back(
    cloud: Cloud, template: str = "new_login", address: str = EMAIL, at: str = "2026-11-24T08:00:00Z"
) -> None:
    """A mail to a mailbox that is full: nothing is marked by it."""
    with cloud.as_function("take_mail_events"):
        event = returns.Event(
            "bounced", "Transient/MailboxFull", None, address, f"ses-{template}-{observe.masked(address)}", template, at
        )
        returns.noted(event, clocks.now())


def test_S78_of_mails_that_never_arrived_it_tells_the_own_and_newest_first(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    account(cloud, contested=True)
    here = signed_in(cloud)
    came_back(cloud, "new_login")
    came_back(cloud, "reset_password", at="2026-11-24T09:00:00Z")
    came_back(cloud, address="bo@example.com")
    data = cloud.call("show_my_data", token=here.token).json
    assert data["returned"] == [
        {"what": "bounced", "why": "Transient/MailboxFull", "template": template, "at": at}
        for template, at in (("reset_password", "2026-11-24T09:00:00Z"), ("new_login", "2026-11-24T08:00:00Z"))
    ]
    assert data["mails"] == []
    assert (data["account"]["contested"], data["account"]["blocked_at"]) == (True, None)
    clock.shift(returns.KEPT)
    again = signed_in(cloud)
    assert cloud.call("show_my_data", token=again.token).json["returned"] == []


def test_S78_the_payments_that_a_person_started_stay_theirs_to_see_and_come_in_pages(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    """The company's other people have none of them; unlinked, who started them still has."""
    client = payments.Client(cloud, 10000, 20000)
    aws.write(aws.update("IdentityTable", sessions.key("a1", "s1"), "SET user_agent = :u", {":u": "x"}))
    first = client.started(client.docs[0])
    client.told(client.pay(first))
    clock.shift(60)
    client.cancel(client.started(client.docs[1], key="k-2"))
    account(cloud, "b1", email="bo@example.com")
    link("b1", "c-27334")
    told = cloud.call("show_my_data", token=client.token).json["payments"]
    assert [(one["company"], one["state"], one["amount"]) for one in told["items"]] == [
        ("c-27334", "cancelled", "200.00"),
        ("c-27334", "credited", "100.00"),
    ]
    assert told["items"][1]["documents"] == [{"doc_id": client.docs[0], "amount": "100.00"}]
    assert told["next"] is None
    assert cloud.call("show_my_data", token=signed_in(cloud, "b1").token).json["payments"]["items"] == []
    assert cloud.call("unlink_company", token=client.token, path={"id": "c-27334"}).status == 204
    vars(cloud.function("show_my_data"))["PAGE"] = 1
    page = cloud.call("show_my_data", token=client.token).json["payments"]
    rest = cloud.call("show_my_data", token=client.token, query={"cursor": page["next"]}).json["payments"]
    assert page["items"] + rest["items"] == told["items"]


def test_it_costs_nine_calls(cloud: Cloud) -> None:
    account(cloud)
    here = signed_in(cloud)
    cloud.call("show_my_data", token=here.token)
    cloud.counted()
    cloud.call("show_my_data", token=here.token)
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 8}
    came_back(cloud)
    cloud.counted()
    cloud.call("show_my_data", token=here.token)
    assert cloud.counted() == {"dynamodb:BatchGetItem": 2, "dynamodb:Query": 8}


def test_S78_gone_is_gone(cloud: Cloud, clock: time_machine.Traveller) -> None:
    """From the outbox too: mails that went, what of them was never got, and the last mail once it went."""
    post = Post(cloud)
    account_id = visitors.member(cloud)
    visitors.member(cloud, "bo@example.com")
    answer = visitors.login(cloud)
    token = answer.json["access_token"]
    post.run()
    for address in (EMAIL, "bo@example.com"):
        came_back(cloud, address=address)
    waits = Letter("password_changed", EMAIL, {"first_name": "Ana", "entries": [{"at": clocks.now()}]})
    goes_no_more = Letter("documents_new", EMAIL, {"account_id": account_id})
    with cloud.as_function("relay_outbox"):
        for letter in (waits, goes_no_more):
            aws.write(outbox.put(letter, clocks.now(), due_at=clocks.now() + 600))
    assert len([row for row in cloud.rows("OutboxTable") if row.get("mailbox") == EMAIL]) == 4
    cloud.letters.clear()
    assert cloud.call("leave", {"password": visitors.PASSWORD}, token=token).status == 204
    post.run()
    came_back(cloud, "account_deleted")
    assert {row["template"] for row in cloud.rows("OutboxTable") if EMAIL in str(row)} == {"password_changed"}
    # A notice of before is not lost on the way.
    clock.shift(601)
    post.run()
    assert [letter["EmailTags"][0]["Value"] for letter in cloud.letters] == ["account_deleted", "password_changed"]
    assert [row for row in cloud.rows("OutboxTable") if EMAIL in str(row)] == []
    told = [row for row in cloud.rows("OutboxTable") if row["pk"] == returns.LIST]
    assert {row["address"] for row in told} == {observe.masked(EMAIL), "bo@example.com"}
    assert len([row for row in cloud.rows("OutboxTable") if "bo@example.com" in str(row)]) == 2
    assert cloud.call("show_my_data", token=token).status == 401
    left = [
        row for table in ("IdentityTable", "CompaniesTable") for row in cloud.rows(table) if account_id in row["pk"]
    ]
    assert left == []
