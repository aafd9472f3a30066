"""From a delivery of the ERP to the mailbox: who hears of new documents, how often, and what opens them (S48, R04)."""

import itertools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from miinti import aws
from miinti.accounts import store
from miinti.companies import access, members
from miinti.mail import outbox, rendering
from tests import companies, erp, grants, people, post
from tests.cloud import Cloud
from tests.erp import invoice
from tests.post import Crash, Post

ANA, BEA = "ana@example.com", "bea@example.com"
CLIENT, OTHER = "c-10378", "c-15001"
QUIET = 300


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(erp.NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def mail(cloud: Cloud, clock: time_machine.Traveller) -> Post:
    """Clients 10378, 15001 and 15002 are there, and Ana and Bea are linked to the first."""
    erp.with_companies(cloud)
    for account_id, address, name in (("ana", ANA, "Ana"), ("bea", BEA, "Bea")):
        people.account(cloud, account_id, email=address, first_name=name)
        companies.link(account_id, CLIENT)
    return Post(cloud)


def delivered(cloud: Cloud, *rows: dict[str, str], name: str = "documents.csv") -> None:
    report = erp.delivered(cloud, name, erp.written(rows))
    assert report["accepted"] == len(rows), report


def other(number: int) -> dict[str, str]:
    """An invoice of the other company."""
    row = next(row for row in erp.sample("companies") if row["code"] == OTHER.removeprefix("c-"))
    return invoice(number, company_code=row["code"], cuit=row["cuit"])


def letters(cloud: Cloud, to: str = ANA) -> list[dict[str, Any]]:
    """What SES got for an address."""
    return [letter for letter in cloud.letters if letter["Destination"]["ToAddresses"] == [to]]


def text(letter: dict[str, Any]) -> str:
    return str(letter["Content"]["Simple"]["Body"]["Text"]["Data"])


def headers(letter: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in letter["Content"]["Simple"]["Headers"]}


def tokens_in(letter: dict[str, Any]) -> list[str]:
    return re.findall(r"https://mi\.inti\.example/documento#t=(\S+)", text(letter))


def all_settled(mail: Post, clock: time_machine.Traveller) -> None:
    mail.run_for(QUIET * (outbox.PATIENCE + 1), clock.shift, step=QUIET // 2)
    assert mail.waiting() == 0
    assert mail.pending == mail.exhausted == mail.dead() == []


# --- who hears of what ------------------------------------------------------------------------------------------------


def test_R04_documents_and_their_news_are_one_transaction(cloud: Cloud, mail: Post) -> None:
    erp.delivered(cloud, "documents.csv", erp.written([invoice(1), invoice(2), other(3)]))
    told = cloud.mails("documents_new")
    assert sorted(row["to"]["members_of"] for row in told) == [CLIENT, OTHER]
    (ours,) = [row for row in told if row["to"]["members_of"] == CLIENT]
    assert [one["id"] for one in ours["data"]["documents"]] == ["v-00205-00000001-001", "v-00205-00000002-001"]
    (document,) = [row for row in cloud.rows("CompaniesTable") if row.get("id") == "v-00205-00000001-001"]
    assert document["txn"] == ours["txn"]


def test_a_person_gets_one_mail_a_delivery_with_a_link_for_each_document(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller
) -> None:
    companies.link("ana", OTHER)
    delivered(cloud, *(invoice(number) for number in range(1, 41)), other(41))
    all_settled(mail, clock)
    (letter,) = letters(cloud)
    assert letter["Content"]["Simple"]["Subject"]["Data"] == "Hay 41 documentos nuevos en miINTI"
    said = text(letter)
    assert said.count("Factura A 00205-") == 41
    assert len(set(tokens_in(letter))) == 41
    for company_id in (CLIENT, OTHER):
        row = aws.get("CompaniesTable", access.company_key(company_id))
        assert row is not None
        assert row["name"] in said
    assert "amazonaws" not in said + letter["Content"]["Simple"]["Body"]["Html"]["Data"]
    (hers,) = letters(cloud, BEA)
    assert text(hers).count("Factura A 00205-") == 40
    assert not set(tokens_in(letter)) & set(tokens_in(hers))


def test_the_mail_goes_once_a_quiet_time_has_passed_and_waits_no_longer_than_six(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller
) -> None:
    """A delivery comes bit by bit: parts of a file, or one file after the other."""
    companies.link("ana", OTHER)
    rows = [invoice(number) for number in range(1, 12)]
    gone = None
    for minute, row in enumerate(rows):
        news(cloud, CLIENT, row["number"])
        for _ in range(2):
            mail.run()
            clock.shift(100)
        if gone is None and letters(cloud):
            gone = minute
    assert gone is not None
    assert gone * 200 >= QUIET * outbox.PATIENCE - 200
    all_settled(mail, clock)
    shown = [text(letter).count("Factura A") for letter in letters(cloud)]
    assert sum(shown) == len(rows)
    assert len(shown) == 2


def news(cloud: Cloud, company_id: str, number: str) -> None:
    """News of a document as a file's transaction writes it."""
    with cloud.as_function("ingest_inbox"):
        document = {"id": f"v-00205-{int(number):08d}-001", "kind": "voucher", "date": "2026-11-01"}
        letter = outbox.Letter("documents_new", outbox.Members(company_id, but=""), {"documents": [document]})
        aws.write(outbox.put(letter, int(erp.NOW)))


def test_past_fifty_documents_the_rest_are_counted(cloud: Cloud, mail: Post, clock: time_machine.Traveller) -> None:
    delivered(cloud, *(invoice(number) for number in range(1, 71)))
    all_settled(mail, clock)
    (letter,) = letters(cloud)
    assert text(letter).count("Factura A 00205-") == len(tokens_in(letter)) == outbox.MENTIONED
    row = aws.get("CompaniesTable", access.company_key(CLIENT))
    assert row is not None
    assert f"Y 20 más:\n- {row['name']}: 20 más\n" in text(letter)
    held = [
        row for row in cloud.rows("CompaniesTable") if row["pk"] == "ACCOUNT#ana" and row["sk"].startswith("MAILED#")
    ]
    assert len(held) == outbox.MENTIONED


def test_whose_companies_are_too_many_to_count_in_one_mail_gets_another(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MENTIONED", 1)
    monkeypatch.setattr(outbox, "COUNTED_MOST", 1)
    companies.link("ana", OTHER)
    for number, company_id in enumerate((CLIENT, CLIENT, OTHER, OTHER), 1):
        news(cloud, company_id, str(number))
        mail.run()
    all_settled(mail, clock)
    said = [text(letter) for letter in letters(cloud)]
    assert len(said) == 2
    assert all(one.count("Factura A") == 1 and "Y 1 más" in one for one in said)


def test_what_changes_or_comes_again_is_no_news(cloud: Cloud, mail: Post, clock: time_machine.Traveller) -> None:
    delivered(cloud, invoice(1))
    all_settled(mail, clock)
    cloud.letters.clear()
    erp.delivered(cloud, "documents.csv", erp.written([invoice(1)]), erp.NOW + 5)
    erp.delivered(cloud, "documents.csv", erp.written([invoice(1, remaining_ars="21.00", collected_ars="100.00",
                                                               status="Parcial")]), erp.NOW + 9)  # fmt: skip
    all_settled(mail, clock)
    assert cloud.letters == []


def test_two_deliveries_are_two_mails_and_the_first_ones_links_stay_alive(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller
) -> None:
    pdf = erp.pdf("uno")
    assert erp.take(cloud, erp.drop("files/1.pdf", pdf)) == []
    delivered(cloud, invoice(1))
    all_settled(mail, clock)
    delivered(cloud, invoice(2), name="documents-2.csv")
    all_settled(mail, clock)
    first, second = letters(cloud)
    assert (text(first).count("Factura A"), text(second).count("Factura A")) == (1, 1)
    for _ in range(3):
        answer = cloud.call("open_link", {"token": tokens_in(first)[0]})
        assert answer.status == 200
        assert answer.json["document"] == {"kind": "voucher", "number": "20500000001", "date": "2026-11-01"}
        assert answer.json["filename"] == "Factura-A-00205-00000001.pdf"


def test_S48_a_link_that_a_mail_brought_opens_for_thirty_days_to_the_second(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller
) -> None:
    assert erp.take(cloud, erp.drop("files/1.pdf", erp.pdf("uno"))) == []
    delivered(cloud, invoice(1))
    mail.run()
    ends = int(erp.NOW) + 30 * 86400
    all_settled(mail, clock)
    (hers,) = letters(cloud)
    (token,) = tokens_in(hers)
    clock.move_to(ends - 1)
    assert cloud.call("open_link", {"token": token}).status == 200
    clock.move_to(ends)
    answer = cloud.call("open_link", {"token": token})
    assert (answer.status, answer.code) == (410, "link_expired")


def test_many_small_deliveries_fill_no_mailbox(cloud: Cloud, mail: Post, clock: time_machine.Traveller) -> None:
    """Three mails an hour, then one with all the rest once the hour is over."""
    clock.move_to((int(erp.NOW) // 3600) * 3600)
    for number in range(1, 11):
        news(cloud, CLIENT, str(number))
        mail.run_for(QUIET + 60, clock.shift, step=120)
    mail.run_for(3600, clock.shift, step=300)
    shown = [text(letter).count("Factura A") for letter in letters(cloud)]
    assert shown == [1, 1, 1, 7]
    assert mail.waiting() == 0
    news(cloud, CLIENT, "21")
    mail.run_for(QUIET * 2, clock.shift, step=100)
    assert text(letters(cloud)[-1]).count("Factura A") == 1
    assert len(letters(cloud)) == len(letters(cloud, BEA)) == 5


def test_what_comes_when_the_hour_ends_does_not_cut_the_mail_that_waited_for_it(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller
) -> None:
    """Three mails, a fourth that waits, and more for it a minute before and after the hour: one mail still."""
    clock.move_to((int(erp.NOW) // 3600) * 3600)
    for number in range(1, 4):
        news(cloud, CLIENT, str(number))
        mail.run_for(QUIET + 60, clock.shift, step=120)
    clock.move_to((int(erp.NOW) // 3600) * 3600 + 3540)
    for number in range(4, 7):
        news(cloud, CLIENT, str(number))
        mail.run()
        clock.shift(60)
    all_settled(mail, clock)
    assert [text(letter).count("Factura A") for letter in letters(cloud)] == [1, 1, 1, 3]


def of_a_night(number: int) -> dict[str, bytes]:
    """What the ERP drops in one go: a file a layout, each with a document of one client."""
    account = {"client_code": CLIENT.removeprefix("c-"), "cuit": invoice()["cuit"]}
    quote = {**erp.sample("quotes")[0], **account, "quote_number": f"P-{number}", "work_order": ""}
    order = {**erp.sample("work_orders")[0], **account, "work_order": f"OT-{number}", "quote_number": ""}
    return {
        "documents.csv": erp.written([invoice(number)]),
        "quotes.csv": erp.written([quote]),
        "work_orders.csv": erp.written([{**order, "invoice_key": ""}]),
    }


@pytest.mark.parametrize("apart", [0, QUIET - 60], ids=["at once", "minutes apart"])
def test_what_the_erp_drops_in_one_go_is_one_mail_a_person_however_many_files_it_is(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller, apart: int
) -> None:
    for name, body in of_a_night(1).items():
        assert erp.delivered(cloud, name, body)["accepted"] == 1
        mail.run_for(apart, clock.shift, step=60) if apart else mail.run()
    assert cloud.letters == []
    all_settled(mail, clock)
    for address in (ANA, BEA):
        (letter,) = letters(cloud, address)
        assert letter["Content"]["Simple"]["Subject"]["Data"] == "Hay 3 documentos nuevos en miINTI"
        assert len(set(tokens_in(letter))) == 3
        for said in ("Factura A 00205-00000001", "P-1", "OT-1"):
            assert said in text(letter)


def test_files_of_two_nights_are_two_mails(cloud: Cloud, mail: Post, clock: time_machine.Traveller) -> None:
    for night in (1, 2):
        for name, body in of_a_night(night).items():
            assert erp.delivered(cloud, name, body, erp.NOW + night)["accepted"] == 1
        all_settled(mail, clock)
        clock.shift(86400)
    assert [len(tokens_in(letter)) for letter in letters(cloud)] == [3, 3]


def test_S48_an_address_that_was_anothers_a_moment_ago_gets_nothing_of_them(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller
) -> None:
    """Ana's news wait; she leaves her address, and Bea takes it: each has a mail of their own."""
    companies.link("ana", OTHER)
    delivered(cloud, other(1))
    mail.run()
    set_("IdentityTable", ("ACCOUNT#ana", "ACCOUNT"), email="ana.nueva@example.com")
    set_("IdentityTable", ("ACCOUNT#bea", "ACCOUNT"), email=ANA)
    delivered(cloud, invoice(2), name="documents-2.csv")
    all_settled(mail, clock)
    (hers,) = letters(cloud)
    assert ("00000001" in text(hers), "00000002" in text(hers)) == (False, True)
    said = "".join(map(text, letters(cloud, "ana.nueva@example.com")))
    assert said.count("Factura A") == 2


def test_two_relays_at_once_begin_one_mail(cloud: Cloud, mail: Post, clock: time_machine.Traveller) -> None:
    """Shards of the stream are worked on side by side: between what one reads and what it writes another was there."""
    news(cloud, CLIENT, "1")
    news(cloud, CLIENT, "2")
    first, second = cloud.mails("documents_new")
    between: list[Any] = [second]

    def meanwhile(call: Any) -> Any:
        if between:
            cloud.invoke("relay_outbox", {"Records": [post.inserted(between.pop())]})
        return call()

    cloud.faults["dynamodb:TransactWriteItems"] = meanwhile
    assert cloud.invoke("relay_outbox", {"Records": [post.inserted(first)]}) == {"batchItemFailures": []}
    cloud.faults.clear()
    mail.relay_nothing_old()
    begun = [row for row in cloud.mails("documents_new") if "entries" in row]
    assert sorted((row["to"]["address"], len(row["entries"])) for row in begun) == [(ANA, 2), (BEA, 2)]


def test_news_wait_in_a_queue_of_their_own(cloud: Cloud, mail: Post, clock: time_machine.Traveller) -> None:
    """However many they are, a security mail does not stand behind them."""
    delivered(cloud, invoice(1))
    with cloud.as_function("link_company"):
        aws.write(outbox.put(outbox.Letter("already_registered", ANA, {"first_name": "Ana"}), int(erp.NOW)))
    mail.relay()
    mail.relay()
    clock.shift(QUIET * 2)
    assert mail.deliver("MailQueue")
    assert [letter["EmailTags"][0]["Value"] for letter in cloud.letters] == ["already_registered"]
    assert mail.deliver("NewsQueue")
    assert sorted(letter["EmailTags"][0]["Value"] for letter in cloud.letters) == [
        "already_registered",
        "documents_new",
        "documents_new",
    ]


@pytest.mark.parametrize("away", ["named", "counted", "one click"])
def test_what_was_only_counted_is_looked_at_as_well_when_the_mail_goes(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller, away: str
) -> None:
    """Fifty of one company are named, its fifty-first and one of another counted."""
    companies.link("ana", OTHER)
    delivered(cloud, *(invoice(number) for number in range(1, 52)))
    mail.run()
    news(cloud, OTHER, "52")
    mail.run()
    (row,) = [row for row in cloud.mails("documents_new") if row["to"] == {"address": ANA}]
    if away == "one click":
        with cloud.as_function("send_mail"):
            query = {"t": parse_qs(urlsplit(rendering.unsubscribing(row)).query)["t"][0]}
        assert cloud.call("stop_news", query=query).status == 204
    else:
        aws.write(aws.delete("CompaniesTable", access.link_key("ana", CLIENT if away == "named" else OTHER)))
    all_settled(mail, clock)
    if away == "one click":
        assert letters(cloud) == []
        return
    (letter,) = letters(cloud)
    assert len(tokens_in(letter)) == (0 if away == "named" else outbox.MENTIONED)
    left = aws.get("CompaniesTable", access.company_key(OTHER if away == "named" else CLIENT))
    assert left is not None
    assert (f"- {left['name']}: 1\n" if away == "named" else f"Y 1 más:\n- {left['name']}: 1 más\n") in text(letter)
    assert text(letter).count("- ") == text(letter).count("Factura A 00205-") + 1
    subject = letter["Content"]["Simple"]["Subject"]["Data"]
    assert subject == ("Hay un documento nuevo en miINTI" if away == "named" else "Hay 51 documentos nuevos en miINTI")


def test_news_go_to_the_address_of_now_and_not_to_a_blocked_account(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller
) -> None:
    delivered(cloud, invoice(1))
    mail.run()
    set_("IdentityTable", ("ACCOUNT#ana", "ACCOUNT"), email="ana.nueva@example.com")
    set_("IdentityTable", ("ACCOUNT#bea", "ACCOUNT"), state="blocked")
    all_settled(mail, clock)
    (letter,) = cloud.letters
    assert letter["Destination"]["ToAddresses"] == ["ana.nueva@example.com"]
    with cloud.as_function("show_my_data"):
        assert [row["template"] for row in outbox.of_address("ana.nueva@example.com")] == ["documents_new"]


@pytest.mark.parametrize(
    "change",
    ["unlinked", "suspended", "no news", "bounced", "waiting"],
)
def test_S48_nobody_hears_of_what_they_may_not_or_would_not_see(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller, change: str
) -> None:
    """Looked at when the news comes, and again when the mail goes."""

    def made() -> None:
        key = access.link_key("ana", CLIENT)
        if change == "unlinked":
            aws.write(aws.delete("CompaniesTable", key))
        elif change == "suspended":
            set_("CompaniesTable", key, state="suspended")
        elif change == "no news":
            set_("CompaniesTable", key, news={"voucher": "none"})
        elif change == "bounced":
            set_("IdentityTable", ("ACCOUNT#ana", "ACCOUNT"), email_state="bounced")
            with cloud.as_function("take_mail_events"):
                from miinti.mail import returns

                returns.noted(returns.Event("bounced", "x", "bounced", ANA, "m", "t", "2026-11-24T00:00:00Z"), 0)
        else:
            set_("IdentityTable", ("ACCOUNT#ana", "ACCOUNT"), state="waiting")

    delivered(cloud, invoice(1))
    mail.run()
    late = change == "waiting"
    if not late:
        made()
    all_settled(mail, clock)
    assert len(letters(cloud)) == (1 if late else 0)
    if late:
        made()
    delivered(cloud, invoice(2), name="documents-2.csv")
    all_settled(mail, clock)
    assert len(letters(cloud)) == (1 if late else 0)
    assert len(letters(cloud, BEA)) == 2


def set_(table: str, key: aws.Key, **attributes: Any) -> None:
    names = {f"#{name}": name for name in attributes}
    values = {f":{name}": value for name, value in attributes.items()}
    aws.write(aws.update(table, key, "SET " + ", ".join(f"#{n} = :{n}" for n in attributes), values, names=names))


# --- attachments ------------------------------------------------------------------------------------------------------


def test_a_pdf_goes_with_the_mail_where_it_is_wanted_and_fits_else_its_link_alone(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller
) -> None:
    set_("CompaniesTable", access.link_key("ana", CLIENT), news={"voucher": "attachment"})
    body = erp.pdf("uno")
    drops = [erp.drop(f"files/{number}.pdf", erp.pdf(str(number))) for number in (2, 3)]
    assert erp.take(cloud, erp.drop("files/1.pdf", body), *drops) == []
    delivered(cloud, *(invoice(number) for number in (1, 2, 3, 4)))
    # As if it were of 7 MB: the next one finds no room, a smaller one would.
    set_("CompaniesTable", ("COMPANY#" + CLIENT, "DOC#v#00205-00000002-001"), file_size=7_000_001)
    all_settled(mail, clock)
    (hers,) = letters(cloud)
    files = hers["Content"]["Simple"]["Attachments"]
    assert [one["FileName"] for one in files] == ["Factura-A-00205-00000001.pdf", "Factura-A-00205-00000003.pdf"]
    assert files[0]["RawContent"] == body
    assert {(one["ContentType"], one["ContentDisposition"]) for one in files} == {("application/pdf", "ATTACHMENT")}
    assert text(hers).count("(va adjunto)") == 2
    assert len(tokens_in(hers)) == 4
    (other_,) = letters(cloud, BEA)
    assert "Attachments" not in other_["Content"]["Simple"]


@pytest.mark.parametrize("late", [False, True], ids=["while the mail waits", "once it went"])
def test_a_pdf_that_comes_after_its_row_is_attached_while_the_mail_waits_and_opens_by_the_link_later(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller, late: bool
) -> None:
    set_("CompaniesTable", access.link_key("ana", CLIENT), news={"voucher": "attachment"})
    delivered(cloud, invoice(1))
    mail.run()
    if late:
        all_settled(mail, clock)
    else:
        clock.shift(QUIET - 10)
    assert erp.take(cloud, erp.drop("files/1.pdf", erp.pdf("uno"))) == []
    all_settled(mail, clock)
    (hers,) = letters(cloud)
    assert ("Attachments" in hers["Content"]["Simple"]) == ("(va adjunto)" in text(hers)) == (not late)
    assert cloud.call("open_link", {"token": tokens_in(hers)[0]}).status == 200


@pytest.mark.parametrize(("before", "now"), [("link", "attachment"), ("attachment", "link")])
def test_whether_a_pdf_is_attached_is_as_chosen_when_the_mail_goes(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller, before: str, now: str
) -> None:
    assert erp.take(cloud, erp.drop("files/1.pdf", erp.pdf("uno"))) == []
    set_("CompaniesTable", access.link_key("ana", CLIENT), news={"voucher": before})
    delivered(cloud, invoice(1))
    mail.run()
    assert letters(cloud) == []
    set_("CompaniesTable", access.link_key("ana", CLIENT), news={"voucher": now})
    all_settled(mail, clock)
    (hers,) = letters(cloud)
    wanted = now == "attachment"
    assert ("Attachments" in hers["Content"]["Simple"]) == ("(va adjunto)" in text(hers)) == wanted
    assert len(tokens_in(hers)) == 1


# --- one click --------------------------------------------------------------------------------------------------------


def test_one_click_stops_news_of_the_mails_companies_and_nothing_else(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller
) -> None:
    companies.link("ana", OTHER)
    delivered(cloud, invoice(1))
    all_settled(mail, clock)
    told = headers(letters(cloud)[0])
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = told["List-Unsubscribe"].removeprefix("<").removesuffix(">")
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "mi.inti.example", "/baja")
    assert len(address) < 500
    query = {"t": parse_qs(parts.query)["t"][0]}
    form = {"raw": b"List-Unsubscribe=One-Click", "headers": {"content-type": "application/x-www-form-urlencoded"}}
    for _ in range(2):
        assert cloud.call("stop_news", query=query, **form).status == 204
    cloud.letters.clear()
    delivered(cloud, invoice(2), other(3), name="documents-2.csv")
    with cloud.as_function("link_company"):
        aws.write(outbox.put(outbox.Letter("already_registered", ANA, {"first_name": "Ana"}), int(erp.NOW)))
    all_settled(mail, clock)
    assert sorted(letter["EmailTags"][0]["Value"] for letter in letters(cloud)) == [
        "already_registered",
        "documents_new",
    ]
    (hers,) = [letter for letter in letters(cloud) if letter["EmailTags"][0]["Value"] == "documents_new"]
    assert "00000003" in text(hers)
    assert "00000002" not in text(hers)
    (security,) = [letter for letter in letters(cloud) if letter is not hers]
    assert not [name for name in headers(security) if name.startswith("List-")]
    assert len(letters(cloud, BEA)) == 1


@pytest.mark.parametrize("named", [1, 50])
def test_one_click_stops_news_of_the_link_of_now_where_a_mail_gathered_over_two(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    """Named or only counted: Ana unlinks the company and links it again while her mail waits."""
    monkeypatch.setattr(outbox, "MENTIONED", named)
    news(cloud, CLIENT, "1")
    mail.run()
    place = access.link_key("ana", CLIENT)
    set_("CompaniesTable", place, grant="anew")
    news(cloud, CLIENT, "2")
    all_settled(mail, clock)
    (hers,) = letters(cloud)
    assert "00000001" not in text(hers)
    address = headers(hers)["List-Unsubscribe"].removeprefix("<").removesuffix(">")
    assert cloud.call("stop_news", query={"t": parse_qs(urlsplit(address).query)["t"][0]}).status == 204
    link = aws.get("CompaniesTable", place)
    assert link is not None
    assert set(link["news"].values()) == {"none"}


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "after"),
    [(Crash(), False), (Crash(), True), (OSError("broken"), False)],
    ids=["before", "after", "error"],
)
def test_R04_news_survives_a_failure_at_any_call_between_row_and_mail(
    cloud: Cloud, mail: Post, clock: time_machine.Traveller, error: BaseException, after: bool
) -> None:
    """Everyone gets each news, of two files in one mail; twice only where the mark is lost after SES took the mail."""
    # Both, so that whoever's mail goes first the calls are the same.
    for account_id in ("ana", "bea"):
        set_("CompaniesTable", access.link_key(account_id, CLIENT), news={"voucher": "attachment"})
    assert erp.take(cloud, erp.drop("files/1.pdf", erp.pdf("uno"))) == []
    delivered(cloud, invoice(1), invoice(2))
    all_settled(mail, clock)
    # Another day's: the mail of before is no part of it.
    clock.shift(86400)
    before = cloud.kept()
    # The same news again and again, each time as if it were the first.
    broken: list[str] = []
    for number in itertools.count(1):
        cloud.put_back(before)
        cloud.letters.clear()
        aws.derived_key.cache_clear()
        mail = Post(cloud)
        mail.relay_nothing_old()
        news(cloud, CLIENT, "1")
        news(cloud, CLIENT, "2")
        left, hit = itertools.count(number, -1), list[str]()

        def fault(call: Any, left: Any = left, hit: Any = hit) -> Any:
            name = cloud.calls[-1]
            if grants.actor() is None or next(left) != 1:
                return call()
            hit.append(name)
            if after:
                call()
            raise error

        cloud.faults["*"] = fault
        mail.run_for(1200, clock.shift, step=400)
        assert mail.waiting() == 0
        cloud.faults.clear()
        if not hit:
            break
        broken += hit
        for address in (ANA, BEA):
            got = len(letters(cloud, address))
            assert all(len(set(tokens_in(letter))) == 2 for letter in letters(cloud, address)), (number, hit)
            marking = hit[0] == "dynamodb:UpdateItem" and not after
            unknown = (hit[0] == "sesv2:SendEmail" and after) or marking
            assert got == 1 or (unknown and got == 2), (number, hit, got)
    assert {name.partition(":")[0] for name in broken} == {"dynamodb", "kms", "s3", "sesv2", "sqs"}


def test_R08_a_poison_row_stops_nobody_elses_news(cloud: Cloud, mail: Post, clock: time_machine.Traveller) -> None:
    """The first member's account lacks its address: whoever comes after them hears of that company all the same."""
    with cloud.as_function("relay_outbox"):
        assert members.of_company(CLIENT) == ["ana", "bea"]
    aws.write(aws.update("IdentityTable", store.key("ana"), "REMOVE email"))
    companies.link("bea", OTHER)
    delivered(cloud, invoice(1), other(2))
    for _ in range(12):
        mail.relay()
    mail.run_for(QUIET * 3, clock.shift, step=QUIET)
    (hers,) = letters(cloud, BEA)
    assert "00000001" in text(hers)
    assert "00000002" in text(hers)
    assert letters(cloud) == []
    assert mail.exhausted
    assert post.matches({"dynamodb": {}}, mail.exhausted[0])
