"""Each dependency of each route failing at each of its calls: the right 503 or the success, and nothing half done.

Generated: a route's calls to AWS are recorded while it succeeds, then each call fails in each way that there is, in the
world as it was before. ``CASES`` says what cannot be generated: which answer a person gets who asks again after an
answer that was lost, and what a request may leave behind that did not come to its end. A new route without its line
fails.
"""

import datetime as dt
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, NamedTuple

import pytest
import time_machine
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.retries.standard import ThrottledRetryableChecker

from miinti import aws, clock, http
from miinti.accounts import tokens
from miinti.documents import files
from miinti.errors import Unavailable
from miinti.mail import outbox
from miinti.mail.outbox import Letter, Members
from miinti.mail.tokens import Token
from miinti.payments import store
from tests import companies, erp, grants, payers, routes, visitors
from tests.cloud import ROOT, Answered, Kept, moto_cloud
from tests.functions.conftest import START
from tests.people import PASSWORD
from tests.post import Post
from tests.routes import NEW_PASSWORD, REQUESTS, WAITING, Request, World
from tests.template import sam

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/IdentityTable"


def said(code: str, status: int, operation: str) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": f"{code} at {ARN}"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, operation)


THROTTLED = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "kms": ("ThrottlingException", 400),
    "s3": ("SlowDown", 503),
    "secretsmanager": ("ThrottlingException", 400),
    "sesv2": ("TooManyRequestsException", 429),
    "sqs": ("RequestThrottled", 403),
}
BROKEN = {
    "dynamodb": ("InternalServerError", 500),
    "kms": ("KMSInternalException", 500),
    "s3": ("InternalError", 500),
    "secretsmanager": ("InternalServiceError", 500),
    "sesv2": ("InternalServiceErrorException", 500),
    "sqs": ("InternalError", 500),
}

Call = Callable[[], Any]
Fault = Callable[[str, Call], Any]
"""What happens in place of a call, which is named ``service:Operation``."""


def throttled(name: str, call: Call) -> Any:
    service, _, operation = name.partition(":")
    raise said(*THROTTLED[service], operation)


def broken(name: str, call: Call) -> Any:
    service, _, operation = name.partition(":")
    raise said(*BROKEN[service], operation)


def unreachable(name: str, call: Call) -> Any:
    raise ConnectTimeoutError(endpoint_url=f"https://{ARN}")


def silent(name: str, call: Call) -> Any:
    raise ReadTimeoutError(endpoint_url=f"https://{ARN}")


def lost(name: str, call: Call) -> Any:
    """AWS does it, and its answer does not arrive."""
    call()
    raise ReadTimeoutError(endpoint_url=f"https://{ARN}")


def denied(name: str, call: Call) -> Any:
    raise said("AccessDeniedException", 400, name)


def sent_twice(name: str, call: Call) -> Any:
    """botocore asks again after a lost answer: all that we see is what the second one says."""
    call()
    return call()


def conflicting(name: str, call: Call) -> Any:
    raise _cancelled("TransactionConflict")


def throttled_in_part(name: str, call: Call) -> Any:
    raise _cancelled("ThrottlingError")


def _cancelled(reason: str) -> ClientError:
    refused = said("TransactionCanceledException", 400, "TransactWriteItems")
    refused.response["CancellationReasons"] = [{"Code": "None"}, {"Code": reason}]
    return refused


DOWN = (throttled, broken, unreachable, silent)
"""A dependency that does not answer: 503, or the success where the answer can do without it."""
HARMLESS = (sent_twice, conflicting, throttled_in_part)
"""What is made good within the request."""
_READS = re.compile("kms:.*|dynamodb:(BatchGetItem|GetItem|Query)")


def faults_of(call: str) -> list[Fault]:
    """The ways in which a call can fail. A transaction bears a token by which DynamoDB knows it when it comes again,
    which moto does not: there is nothing to see of one that is sent twice."""
    if _READS.fullmatch(call):
        return [*DOWN, denied]
    if call == "dynamodb:TransactWriteItems":
        return [*DOWN, denied, lost, conflicting, throttled_in_part]
    return [*DOWN, denied, lost, sent_twice]


class Left(NamedTuple):
    """What a request that failed may leave behind: rows whose key has ``start`` (only ``attribute`` of them, if it
    says one), and why. ``forgotten``: the success takes it away."""

    start: str
    why: str
    attribute: str = ""
    forgotten: bool = False


@dataclass(frozen=True)
class Case:
    """A request, and what is to be said of it that its clean runs do not show.

    ``again`` is the answer to the same request once more after it went through (status and code): what a person gets
    who did not get the first one. ``remains`` are rows that may still be there though it answered well.
    """

    use_case: str
    again: str
    request: Callable[[World], Request] | None = None
    leaves: tuple[Left, ...] = ()
    remains: tuple[Left, ...] = ()
    answer: str = ""
    """Where it is no success: status and code."""
    waits: int = 0
    """Seconds for which what was cut short may still be at work: until then asking again is ``request_in_progress``."""
    policy: str = "open"

    def asked(self, world: World) -> Request:
        return (self.request or REQUESTS[self.use_case])(world)


RIGHT_TRY = Left("THROTTLE#", "counted as a failure before it is looked at, and taken back", forgotten=True)
WRONG_TRY = Left("THROTTLE#", "counted before it is looked at; fifteen minutes forget it")
CODE = Left("RATE#link_code", "counted before it is written, so that no burst sends more than three")
SPENT = Left("REQUEST#", "one of five tries is spent before the code is looked at (S17)", "tries")
PAYMENT = (
    Left("PAYMENT#", "on record before the provider knows of it, and gone on with"),
    Left("DEBT#", "held by it"),
    Left("KEY#", "by which the same request finds it (R03)"),
)
SHUT = Left("PAYMENT#", "offered to nobody since the provider closed its checkout; the clock closes it")
TRANSFER = (Left("TRANSFER#", "told, and found by the same request"), Left("KEY#", "by which that finds it (R03)"))
LINKS = Left("ACCOUNT#ana-1111", "opened by nothing once the account is gone; noted in the log")
_TOKEN_USED = "400 invalid_token"


def _known(address: str) -> Callable[[World], Request]:
    names = {"first_name": "X", "last_name": "Y", "password": NEW_PASSWORD}
    return lambda _: {"body": {**names, "email": address}}


def _asked_for(address: str) -> Callable[[World], Request]:
    return lambda _: {"body": {"email": address}}


def _link(world: World, **change: str) -> Request:
    request = REQUESTS["link_company"](world)
    return {**request, "body": {**request["body"], **change}}


CASES: dict[str, Case] = {
    "activate": Case("activate", "204"),
    "cancel_email_change": Case("cancel_email_change", _TOKEN_USED),
    "cancel_payment": Case("cancel_payment", "204", leaves=(SHUT,)),
    "change_email": Case("change_email", "202", leaves=(RIGHT_TRY,)),
    "change_email to a taken address": Case(
        "change_email",
        "202",
        lambda w: {"token": w.ana.here.token, "body": {"email": w.bea.email, "password": PASSWORD}},
        leaves=(RIGHT_TRY,),
    ),
    "change_me": Case("change_me", "200"),
    "change_notifications": Case("change_notifications", "204"),
    # The password asked for is no longer the present one; the mail that tells of it is on its way.
    "change_password": Case("change_password", "401 invalid_credentials", leaves=(RIGHT_TRY,)),
    "confirm_email": Case("confirm_email", _TOKEN_USED),
    "confirm_link": Case("confirm_link", "400 invalid_code", leaves=(SPENT,)),
    "confirm_link, wrong code": Case(
        "confirm_link",
        "400 invalid_code",
        lambda w: {**REQUESTS["confirm_link"](w), "body": {"code": "000000"}},
        leaves=(SPENT,),
        answer="400 invalid_code",
    ),
    "download": Case("download", "200"),
    "end_session": Case("end_session", "404 not_found"),
    "forgot_password": Case("forgot_password", "202"),
    "forgot_password, waiting": Case("forgot_password", "202", _asked_for(WAITING)),
    "forgot_password, unknown": Case("forgot_password", "202", _asked_for("nadie@example.com")),
    "forgot_payment_key": Case("forgot_payment_key", "202"),
    "forgot_payment_key, by address": Case(
        "forgot_payment_key", "202", lambda _: {"body": {"user": "pagos0@empresa.example"}}
    ),
    "forgot_payment_key, unknown": Case("forgot_payment_key", "202", lambda _: {"body": {"user": "9999"}}),
    "leave": Case("leave", "401 invalid_token", leaves=(RIGHT_TRY,), remains=(LINKS,)),
    "link_company": Case("link_company", "409 already_linked"),
    "link_company, no such company": Case(
        "link_company",
        "404 company_not_found",
        lambda w: _link(w, number="99999"),
        leaves=(WRONG_TRY,),
        answer="404 company_not_found",
    ),
    "link_company, code sent": Case("link_company", "202", leaves=(CODE,), policy="proof"),
    "link_company, nothing sent": Case(
        "link_company",
        "202",
        lambda w: _link(w, number="99999"),
        leaves=(WRONG_TRY, CODE),
        policy="proof",
    ),
    "list_companies": Case("list_companies", "200"),
    "export_docs": Case("export_docs", "200"),
    "list_debts": Case("list_debts", "200"),
    "list_payments": Case("list_payments", "200"),
    "list_transfers": Case("list_transfers", "200"),
    "show_statement": Case("show_statement", "200"),
    "list_docs": Case("list_docs", "200"),
    "list_docs, searched": Case(
        "list_docs", "200", lambda w: {**REQUESTS["list_docs"](w), "query": {"q": "1", "sort": "-billed"}}
    ),
    "list_links": Case("list_links", "200"),
    "list_link_requests": Case("list_link_requests", "200"),
    "list_sessions": Case("list_sessions", "200"),
    "login": Case("login", "200", leaves=(RIGHT_TRY,)),
    "login, wrong password": Case(
        "login",
        "401 invalid_credentials",
        lambda w: {"body": {"email": w.ana.email, "password": NEW_PASSWORD}},
        answer="401 invalid_credentials",
    ),
    "login, waiting": Case(
        "login",
        "403 not_activated",
        lambda _: {"body": {"email": WAITING, "password": visitors.PASSWORD}},
        leaves=(RIGHT_TRY,),
        answer="403 not_activated",
    ),
    "login_payer": Case("login_payer", "200", leaves=(RIGHT_TRY,)),
    "login_payer, wrong key": Case(
        "login_payer",
        "401 invalid_credentials",
        lambda w: {"body": {"user": w.ana.client[2:], "key": payers.WRONG}},
        answer="401 invalid_credentials",
    ),
    "logout": Case("logout", "204"),
    "mail_payment_key": Case("mail_payment_key", "202"),
    "not_found": Case("not_found", "404 not_found", answer="404 not_found"),
    "object_to_link": Case("object_to_link", "204"),
    "open_link": Case("open_link", "200"),
    "refresh_session": Case("refresh_session", "200"),
    "refresh_session, cookie used before": Case(
        "refresh_session",
        "401 invalid_session",
        lambda w: {"cookies": [w.ana.here.cookie[:-43] + "x" * 43]},
        answer="401 invalid_session",
    ),
    "register": Case("register", "202"),
    "register, waiting": Case("register", "202", _known(WAITING)),
    "register, active": Case("register", "202", lambda w: _known(w.ana.email)(w)),
    "resend_activation": Case("resend_activation", "202"),
    "reset_password": Case("reset_password", _TOKEN_USED),
    "revoke_link": Case("revoke_link", "404 not_found"),
    "show_doc": Case("show_doc", "200"),
    "show_me": Case("show_me", "200"),
    "show_my_data": Case("show_my_data", "200"),
    "show_notifications": Case("show_notifications", "200"),
    "show_payment": Case("show_payment", "200"),
    "start_payment": Case("start_payment", "201", leaves=PAYMENT, waits=store.ASKING),
    "stop_news": Case("stop_news", "204"),
    "take_payment_notice": Case("take_payment_notice", "200"),
    "tell_transfer": Case("tell_transfer", "201", leaves=TRANSFER),
    "unlink_company": Case("unlink_company", "404 not_found"),
}


# --- runs -------------------------------------------------------------------------------------------------------------


_WINDOWS = "THROTTLE#ip-"
"""Requests of a network are counted whatever becomes of them."""
_DRAWN = re.compile(
    r"\$argon2id\$[^\"']+|eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<![\w-])(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{24}|[0-9a-f]{16}|[\w-]{43}|[\w-]{22})(?![\w-])"
)
"""What is drawn anew at each run: ids, nonces, secrets and their hashes, tokens."""


@dataclass(frozen=True)
class Ran:
    """A request that was made: its answer and what stands in the tables after it, both without what is drawn."""

    answer: str
    text: str
    rows: tuple[str, ...]

    def without(self, *left: Left) -> list[str]:
        return sorted(filter(None, (_masked(row, left) for row in self.rows)))


def _masked(row: str, left: tuple[Left, ...]) -> str:
    for one in left:
        if one.start in row:
            return re.sub(f'"{one.attribute}": [^,}}]+', "", row) if one.attribute else ""
    return row


class Bench:
    """The world in which a case runs again and again."""

    def __init__(self, world: World, case: Case) -> None:
        self.world, self.case, self.cloud = world, case, world.cloud
        self.cloud.link_policy = case.policy
        # Loaded before its calls are looked at, with this policy.
        self.cloud.forget(case.use_case)
        self.cloud.function(case.use_case)
        self.request = case.asked(world)
        # moto replaces its items and never changes them: each is read once, and held so that its id stays its own.
        self.read: dict[int, tuple[Any, str]] = {}
        self.start: Kept = self.cloud.kept()
        self.known = str(list(self.lines()))

    def run(self, fault: Fault | None = None, at: int = 0) -> tuple[Ran, Answered]:
        """One request of a process just started, which fetches its keys itself; its ``at``-th call fails, counted from
        0."""
        _forget_keys()
        left = [at]

        def nth(call: Call) -> Any:
            left[0] -= 1
            assert fault is not None
            return fault(self.cloud.calls[-1], call) if left[0] == -1 else call()

        self.cloud.calls.clear()
        if fault:
            self.cloud.faults["*"] = nth
        answered = self.cloud.call(self.case.use_case, **self.request)
        self.cloud.faults.clear()
        return self.seen(answered), answered

    def seen(self, answered: Answered) -> Ran:
        told = f"{answered.status} {answered.code}" if answered.status >= 400 else str(answered.status)
        return Ran(told, self.plain(answered.text), tuple(self.plain(line) for line in self.lines()))

    def lines(self) -> Iterator[str]:
        """Every row, as a line, without the stamp of its write."""
        for partitions in self.cloud.kept().values():
            for rows in partitions.values():
                for item in rows.values():
                    if id(item) not in self.read:
                        self.read[id(item)] = (item, _line(aws.unpack(item.to_json()["Attributes"])))
                    line = self.read[id(item)][1]
                    if _WINDOWS not in line:
                        yield line

    def plain(self, text: str) -> str:
        return _DRAWN.sub(lambda found: found[0] if found[0] in self.known else "…", text)

    def back(self) -> None:
        self.cloud.put_back(self.start)


def _line(row: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in row.items() if name != "txn"}, default=int, sort_keys=True)


def _forget_keys() -> None:
    aws.derived_key.cache_clear()
    tokens.public_keys.cache_clear()


@pytest.fixture(scope="module")
def built() -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, moto_cloud(patch) as cloud, time_machine.travel(START, tick=False):
        cloud.ip_limits = "on"
        patch.setattr(aws, "_pause", lambda _: None)
        # Of an export alone; else no two answers would be the same.
        patch.setattr(files, "_unguessable", lambda: "x" * 32)
        yield routes.world(cloud)


@pytest.fixture
def world(built: World) -> Iterator[World]:
    with routes.as_it_was(built):
        yield built


def told_nothing(answered: Answered) -> bool:
    """Whether a request failed for a reason of ours: then nothing is said but that, in the contract's words (S76)."""
    if answered.status < 500:
        return False
    code = {500: "internal_error", 503: "unavailable"}[answered.status]
    status, title, detail = http.PROBLEMS[code]
    assert answered.json == {
        "type": f"urn:miinti:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": "req-1",
        "errors": [],
    }
    assert set(answered.headers) - {name.lower() for name in http.HEADERS} - {"x-request-id", "content-type"} == (
        {"retry-after"} if status == 503 else set()
    )
    assert not answered.cookies
    return True


def test_every_route_and_every_success_of_it_is_in_the_matrix(world: World) -> None:
    assert {case.use_case for case in CASES.values()} == set(routes.table()), "a new route needs its line in CASES"
    answered, before = set(), world.cloud.kept()
    for case in CASES.values():
        answered.add((case.use_case, Bench(world, case).run()[1].status))
        world.cloud.put_back(before)
    declared = {(use_case, status) for use_case, route in routes.table().items() for status in route.answers}
    assert not declared - answered


@pytest.mark.parametrize("name", CASES)
def test_R02_R20_S76_S77_any_call_that_fails_is_a_503_or_the_success_and_nothing_half_done(
    world: World, name: str
) -> None:
    case = CASES[name]
    bench = Bench(world, case)
    before = bench.seen(Answered({"statusCode": 0, "headers": {}}))
    clean, first = bench.run()
    calls = list(bench.cloud.calls)
    # S77, R11: only what an API function may wait for.
    besides = {"export_docs": "s3", "take_payment_notice": "sqs"}
    assert {call.partition(":")[0] for call in calls} <= {"dynamodb", "kms", besides.get(name, "kms")}
    assert clean.answer == case.answer or first.status in routes.table()[case.use_case].answers
    twice, _ = bench.run()
    assert twice.answer == case.again
    proven: list[list[str]] = []
    """States from which asking again was seen to end well: what it does depends on nothing else."""
    for at, call in enumerate(calls):
        for fault in faults_of(call):
            where = f"{fault.__name__} at {call} ({at})"
            bench.back()
            ran, answered = bench.run(fault, at)
            failed = told_nothing(answered)
            if failed:
                assert answered.status == (500 if fault is denied else 503), where
                assert fault not in HARMLESS, where
            else:
                assert (ran.answer, ran.text) == (clean.answer, clean.text), where
            stays = [left for left in case.leaves if not left.forgotten]
            done = ran.without(*case.remains, *stays) == clean.without(*case.remains, *stays)
            undone = ran.without(*case.leaves) == before.without(*case.leaves)
            assert done or (failed and undone), where
            if ran.without() in proven:
                continue
            proven.append(ran.without())
            again, _ = bench.run()
            if case.waits and again.answer == "409 request_in_progress":
                with time_machine.travel(START + dt.timedelta(seconds=case.waits), tick=False):
                    again, _ = bench.run()
            after = twice if done and not undone else clean
            assert (again.answer, again.text) == (after.answer, after.text), where
            assert again.without(*case.remains, *stays) == after.without(*case.remains, *stays), where


@pytest.mark.parametrize("service", aws.CLIENTS)
@pytest.mark.parametrize("fault", DOWN)
def test_R20_whatever_tells_that_a_service_does_not_answer_is_one_fact(service: str, fault: Fault) -> None:
    with pytest.raises(Unavailable):
        aws.ask(fault, f"{service}:Operation", dict)


def test_R20_what_botocore_calls_throttling_is_no_refusal() -> None:
    codes = ThrottledRetryableChecker._THROTTLED_ERROR_CODES  # type: ignore[attr-defined]
    # A bound of the account, not of the moment; and other services' words.
    for code in {*codes} - {"LimitExceededException", "BandwidthLimitExceeded", "EC2ThrottledException"}:
        with pytest.raises(Unavailable):
            aws.ask(_raised, said(code, 400, "Operation"))


def _raised(error: ClientError) -> None:
    raise error


# --- one service down -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_R20_with_all_but_the_tables_down_only_who_must_sign_waits(world: World, name: str) -> None:
    """KMS signs at login and refresh, S3 takes an export; keys are fetched when a process starts. Reads, downloads and
    mails to be go on without KMS, S3, SQS and SES."""
    case = CASES[name]
    bench = Bench(world, case)
    clean, _ = bench.run()
    bench.back()

    def down(call: Call) -> Any:
        return call() if bench.cloud.calls[-1].startswith("dynamodb:") else silent("", call)

    bench.cloud.faults["*"] = down
    answered = bench.cloud.call(case.use_case, **bench.request)
    bench.cloud.faults.clear()
    if name in ("login", "login_payer", "refresh_session", "export_docs", "take_payment_notice"):
        assert told_nothing(answered)
        assert answered.status == 503
        assert bench.run()[0].answer == "200"
    else:
        assert bench.seen(answered).without() == clean.without()
        assert bench.seen(answered).text == clean.text


# --- queues and the stream --------------------------------------------------------------------------------------------

TRIGGERS = {
    *("apply_payment", "check_payments", "check_proof", "ingest_inbox", "keep_events", "relay_outbox"),
    *("remind_payments", "send_mail", "take_mail_events"),
}
"""``ingest_inbox``, ``relay_outbox`` and ``send_mail`` are below; the others have their own in their files."""
STAFF = {
    *("act_on_account", "decide_link", "decide_payment", "decide_transfer", "handle_import", "look_at_payments"),
    *("look_up", "read_audit"),
}
"""Invoked and waited for by people; what fails is told, and asked again."""


def test_every_function_without_a_route_is_in_the_matrix() -> None:
    functions = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert functions - set(routes.table()) == TRIGGERS | STAFF, "a new trigger needs a test here"


class Nth:
    """Breaks the n-th call to AWS (from 1) that functions make, and tells which it was."""

    def __init__(self, world: World, number: int, fault: Fault) -> None:
        self.cloud, self.left, self.fault = world.cloud, number, fault
        self.broke = ""
        self.cloud.faults["*"] = self._each

    def _each(self, call: Call) -> Any:
        name = self.cloud.calls[-1]
        if grants.actor() is None:
            return call()
        self.left -= 1
        if self.left:
            return call()
        self.broke = name
        return self.fault(name, call)


ALL_DOWN = (*DOWN, denied, lost)


def letters_due(world: World) -> list[str]:
    """Rows of the outbox: a mail with a token, a notice to a company and one to its members; and who is to get one."""
    entry = {"person": "Juan", "email": "juan@example.com", "at": clock.now(), "account_id": "a7", "grant": "g1"}
    about = {"company": "UNO", "cuit": "30500001735", "company_id": world.ana.client}
    token = Token("activate", "a1", "n1", clock.now() + 48 * 3600)
    members = Members(world.ana.client, but="nobody")
    with world.cloud.as_function("relay_outbox"):
        companies.link(world.bea.here.account_id, world.ana.client)
        for letter in (
            (Letter("activate", "uno@example.com", {"first_name": "Uno"}, token)),
            (Letter("company_linked_member", members, {"entries": [{**entry, "company": "UNO"}]})),
            (Letter("company_linked", "tres@example.com", {"entries": [entry], **about})),
        ):
            aws.write(outbox.put(letter, clock.now()))
    return sorted(["uno@example.com", "tres@example.com", world.ana.email, world.bea.email])


def without_mail(world: World) -> None:
    """An outbox as it is when all of it is sent long ago."""
    aws.delete_rows("OutboxTable", [(row["pk"], row["sk"]) for row in world.cloud.rows("OutboxTable")])


def addressed(world: World) -> list[str]:
    return sorted(letter["Destination"]["ToAddresses"][0] for letter in world.cloud.letters)


def settle(post: Post, traveller: time_machine.Traveller) -> None:
    """Let everything go its way, what failed again after a while."""
    for _ in range(9):
        post.run()
        post.relay()
        if not post.pending and not post.waiting():
            break
        traveller.shift(70)


@pytest.mark.parametrize("fault", [throttled, silent, denied, lost])
def test_R04_R20_any_call_on_a_mails_way_may_fail_and_each_mail_arrives_once(world: World, fault: Fault) -> None:
    """Stream → relay → queue → take → keys → SES → mark. Twice only where SES took a mail and we did not hear of it."""
    without_mail(world)
    due = letters_due(world)
    before = world.cloud.kept()
    broke = []
    for number in range(1, 99):
        world.cloud.put_back(before)
        world.cloud.letters.clear()
        _forget_keys()
        with time_machine.travel(START, tick=False) as traveller:
            post = Post(world.cloud)
            nth = Nth(world, number, fault)
            settle(post, traveller)
            world.cloud.faults.clear()
            if not nth.broke:
                break
            broke.append(nth.broke)
            got = addressed(world)
            assert sorted(set(got)) == due, nth.broke
            unheard = nth.broke == "sesv2:SendEmail" and fault is lost
            # A mark that is forbidden is a fault of ours, which no patience mends.
            unmarked = nth.broke == "dynamodb:UpdateItem" and fault is denied
            assert len(got) == len(due) + unheard or (unmarked and len(got) == len(due) + 1), nth.broke
            assert post.waiting() == 0
            assert post.dead() == post.exhausted == []
            mails = [row for row in world.cloud.rows("OutboxTable") if row["pk"].startswith("MAIL#")]
            assert all("sent_at" in row for row in mails)
    assert {name.partition(":")[0] for name in broke} == {"dynamodb", "sqs", "kms", "sesv2"}


@pytest.mark.parametrize("fault", DOWN)
@pytest.mark.parametrize("tries", [1, 2, 5])
def test_R20_ses_down_for_some_tries_and_each_mail_arrives_once_after_it(
    world: World, fault: Fault, tries: int
) -> None:
    without_mail(world)
    due = letters_due(world)
    world.cloud.letters.clear()
    left = [tries * len(due)]

    def down(call: Call) -> Any:
        left[0] -= 1
        return fault("sesv2:SendEmail", call) if left[0] >= 0 else call()

    with time_machine.travel(START, tick=False) as traveller:
        post = Post(world.cloud)
        world.cloud.faults["sesv2:SendEmail"] = down
        post.run_for(800, traveller.shift, step=50)
        assert left[0] < 0
        assert addressed(world) == due
        assert post.waiting() == 0
        assert post.dead() == []


@pytest.mark.parametrize("fault", ALL_DOWN)
def test_R08_R10_R20_any_call_of_a_delivery_may_fail_and_it_ends_as_if_none_had(world: World, fault: Fault) -> None:
    """A file of rows, one of them refused, and two PDFs in one batch: what failed is told by its message, and goes in
    when that comes again."""
    drops = [
        erp.drop("documents.csv", erp.written([erp.invoice(1), erp.invoice(2), erp.invoice(3, vat="1.00")])),
        erp.drop("files/1.pdf", erp.pdf("uno")),
        erp.drop("files/2.pdf", b"MZ"),
    ]
    cloud, told, broke = world.cloud, 0, []
    erp.emptied(cloud)
    erp.with_companies(cloud)
    start = cloud.kept()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("miinti.aws.time.sleep", lambda _: None)
        assert erp.take(cloud, *drops) == []
        clean, report = erp.state(cloud), _of_either_try(erp.report("documents.csv"))
        refused = erp.stored("reports/documents.csv.rejected.csv")
        assert refused
        for number in range(1, 99):
            cloud.put_back(start)
            nth = Nth(world, number, fault)
            failed = erp.take(cloud, *drops)
            cloud.faults.clear()
            if not nth.broke:
                break
            broke.append(nth.broke)
            told += bool(failed)
            # What is throttled, silent or broken once is waited out; what is forbidden is told by the message.
            assert fault is denied or failed == [], nth.broke
            again = [drops[int(message.removeprefix("m"))] for message in failed]
            assert not again or erp.take(cloud, *again) == [], nth.broke
            assert erp.state(cloud) == clean, nth.broke
            assert _of_either_try(erp.report("documents.csv")) == report, nth.broke
            assert erp.stored("reports/documents.csv.rejected.csv") == refused, nth.broke
            assert erp.stored("quarantine/2.pdf") == b"MZ"
    assert {"s3:GetObject", "s3:PutObject", "dynamodb:BatchGetItem", "dynamodb:TransactWriteItems"} <= set(broke)
    assert bool(told) == (fault is denied)


def _of_either_try(report: Any) -> Any:
    """A report without what the try before has already brought in."""
    return {**report, "accepted": report["accepted"] + report["unchanged"], "unchanged": 0}


# --- how long a call may last -----------------------------------------------------------------------------------------


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", sam.REGION)


def client_of(service: str) -> Any:
    """A client as the layer makes it, not the one that other tests have."""
    return getattr(aws, service).__wrapped__()


@pytest.mark.usefixtures("region")
def test_R11_no_call_outlasts_its_function() -> None:
    """What a client waits at most, its own tries and the pause between them included, is less than the function has."""
    longest = {}
    for service in aws.CLIENTS:
        config = client_of(service).meta.config
        assert config.connect_timeout == 1, service
        assert config.retries["mode"] == "standard", service
        tries = config.retries["total_max_attempts"]
        # The standard mode pauses up to 2^n seconds before the n-th retry.
        longest[service] = tries * (1 + config.read_timeout) + sum(2**n for n in range(tries - 1))
    timeout = sam.source()["Globals"]["Function"]["Timeout"]
    assert timeout <= 29, "API Gateway waits no longer"
    # That an API function calls these two and no other is asserted by the matrix of routes.
    assert longest["dynamodb"] < timeout
    assert longest["kms"] < timeout
    for function in TRIGGERS:
        (own,) = [one["Properties"]["Timeout"] for one in sam.functions().values() if sam.folder(one) == function]
        assert max(longest.values()) < own, function


class Refusing(BaseHTTPRequestHandler):
    """Answers every call with a fault of AWS's, and counts them."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(500)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:
        pass


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("get_item", {"TableName": "T", "Key": {"pk": {"S": "a"}}}),
    "kms": ("sign", {"KeyId": "k", "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}),
    "s3": ("get_object", {"Bucket": "b", "Key": "k"}),
    "secretsmanager": ("get_secret_value", {"SecretId": "s"}),
    "sesv2": ("send_email", {"Content": {}}),
    "sqs": ("send_message", {"QueueUrl": "http://127.0.0.1/q", "MessageBody": "m"}),
}


@pytest.mark.usefixtures("region")
@pytest.mark.parametrize("service", aws.CLIENTS)
def test_R11_a_call_is_tried_twice_and_a_mail_once(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that is asked for again after a lost answer would go twice: the queue does that, knowing of it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        client = client_of(service)
        operation, parameters = CALLS[service]
        Refusing.asked.clear()
        with pytest.raises(Unavailable):
            aws.ask(getattr(client, operation), **parameters)
        assert len(Refusing.asked) == (1 if service == "sesv2" else 2)
        client.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
