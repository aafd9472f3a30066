"""The sample data, brought in as the ERP would: files dropped in the bucket's inbox, and a person who can log in.

Everything may be dropped again: what is in already stays as it is. A mark in a table of the local cloud says which
sample is in; it is saved and lost together with the rows that it speaks of.
"""

import json
import multiprocessing
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from botocore.exceptions import ClientError

from local import pdfs
from local.cloud import Cloud
from local.mailbox import Mail, Mailbox
from local.options import CannotRun
from local.stack import Stack

MARKS = "miinti-local-marks"
"""A table of the local run's own, beside the stack's."""
TABLES = ("companies", "documents", "withholdings", "quotes", "work_orders", "applications")
WAVES = (("companies",), ("documents", "withholdings", "quotes"), ("work_orders", "applications"))
"""Files that may go in together; a wave waits for the one before, whose rows it speaks of, or whose PDFs' names may be
its own (a quote and a work order of one number)."""
PATIENCE = 45
"""Seconds without any progress after which what is left is dropped again; at the third time it is given up."""

PERSON = {"first_name": "Ana", "last_name": "Demo", "email": "demo@miinti.example", "password": "una clave para probar"}
SHOWN_CLIENT = "27334"
"""The client account on the manual's own screens, where the sample has it."""

Say = Callable[[str], None]
Made = Iterator[tuple[str, bytes | None]]
_WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came in: rows and PDFs; rows refused, and PDFs that could not be made."""

    rows: int
    rejected: int
    files: int
    unmade: int


class Loader:
    """Brings one folder of sample data in. ``say`` shows a line of progress."""

    def __init__(self, cloud: Cloud, stack: Stack, folder: Path, made_before: Path, say: Say) -> None:
        self._cloud, self._folder, self._made_before, self._say = cloud, folder, made_before, say
        self._erp = cloud.erp_s3(stack.outputs["ErpWriterRole"])
        self._bucket = stack.outputs["BucketName"]
        self._queue = stack.resources["InboxQueue"]
        self._dead = stack.resources["InboxDeadLetters"]
        self._rows_table = stack.resources["CompaniesTable"]

    def digest(self) -> str:
        """Names the sample: its files' content and how its PDFs are made."""
        made_by = Path(pdfs.__file__).read_bytes()
        files = [file.read_bytes() for file in self._files(TABLES)]
        return sha256(b"\0".join([made_by, *files])).hexdigest()

    def _files(self, names: tuple[str, ...]) -> list[Path]:
        return [file for name in names if (file := self._folder / f"{name}.csv").is_file()]

    def load(self) -> Loaded:
        """Drop everything and wait until it is in. Raises ``CannotRun`` when it does not come to an end."""
        papers, unmade = pdfs.Sample.read(self._folder).papers(), list[str]()
        with _making(papers, self._made_before) as made:
            reports: list[dict[str, Any]] = []
            for wave in WAVES:
                reports += self._wave(self._files(wave))
            self._drop_files(_whole(made, unmade), len(papers))
        return Loaded(
            rows=sum(report["rows"] for report in reports),
            rejected=sum(len(report["rejected"]) for report in reports),
            files=len(papers) - len(unmade),
            unmade=len(unmade),
        )

    # --- tables ---

    def _wave(self, files: list[Path]) -> list[dict[str, Any]]:
        for file in files:
            self._cloud.s3.delete_object(Bucket=self._bucket, Key=f"reports/{file.name}.json")
            self._drop(file)
        waiting = _Waiting(", ".join(file.name for file in files), self._say)
        left = list(files)
        reports = []
        while left:
            for file in list(left):
                report = self._report(file.name)
                if report is not None:
                    left.remove(file)
                    reports.append(report)
                    self._tell(report)
            if left and waiting.stuck((len(left), self._rows_in())):
                for file in left:
                    self._drop(file)
            if left:
                waiting.pause(f"{self._rows_in()} filas guardadas")
        return reports

    def _drop(self, file: Path) -> None:
        self._erp.put_object(Bucket=self._bucket, Key=f"inbox/{file.name}", Body=file.read_bytes())

    def _report(self, name: str) -> dict[str, Any] | None:
        try:
            answer = self._cloud.s3.get_object(Bucket=self._bucket, Key=f"reports/{name}.json")
        except ClientError:
            return None
        report: dict[str, Any] = json.loads(answer["Body"].read())
        return report

    def _tell(self, report: dict[str, Any]) -> None:
        if report.get("refused"):
            self._say(f"{report['file']}: rechazado entero ({report['refused']} {report['detail']})")
            return
        refused = len(report["rejected"])
        self._say(
            f"{report['file']}: {report['rows']} filas" + (f", {refused} rechazadas (reports/)" if refused else "")
        )

    def _rows_in(self) -> int:
        table = self._cloud.client("dynamodb").describe_table(TableName=self._rows_table)["Table"]
        count: int = table.get("ItemCount", 0)
        return count

    # --- PDFs ---

    def _drop_files(self, made: Iterator[tuple[str, bytes]], total: int) -> None:
        sent = [0]
        failures: list[BaseException] = []

        def put(one: tuple[str, bytes]) -> None:
            self._erp.put_object(Bucket=self._bucket, Key=f"inbox/files/{one[0]}", Body=one[1])
            sent[0] += 1

        def send() -> None:
            try:
                with ThreadPoolExecutor(2) as senders:
                    for _ in senders.map(put, made):
                        pass
            except BaseException as failure:
                failures.append(failure)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        waiting = _Waiting("PDF", self._say)
        while sender.is_alive() or self._under_way():
            if failures:
                raise failures[0]
            under_way = self._under_way()
            if waiting.stuck((sent[0], under_way)):
                self._drop_again()
            waiting.pause(f"{max(sent[0] - under_way, 0)} de {total} PDF")
        if failures:
            raise failures[0]
        if self._depth(self._dead):
            raise CannotRun("Quedaron entregas sin procesar (cola InboxDeadLetters): mirá cloud/cloud.log.")

    def _under_way(self) -> int:
        return self._depth(self._queue)

    def _depth(self, queue: str) -> int:
        answer = self._cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=list(_WAITING))
        return sum(int(answer["Attributes"][name]) for name in _WAITING)

    def _drop_again(self) -> None:
        """Put the PDFs that no row tells of in the inbox once more: a delivery that failed stays hidden for long."""
        known = self._known_files()
        pages = self._cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix="inbox/files/")
        for page in pages:
            for entry in page.get("Contents", []):
                if entry["Key"].removeprefix("inbox/files/") not in known:
                    content = self._cloud.s3.get_object(Bucket=self._bucket, Key=entry["Key"])["Body"].read()
                    self._erp.put_object(Bucket=self._bucket, Key=entry["Key"], Body=content)

    def _known_files(self) -> set[str]:
        """Names of the PDFs that were taken in: rows ``FILE#<name>`` that say where the object is."""
        pages = self._cloud.client("dynamodb").get_paginator("scan")
        found = pages.paginate(
            TableName=self._rows_table,
            FilterExpression="begins_with(pk, :file) AND attribute_exists(file_key)",
            ExpressionAttributeValues={":file": {"S": "FILE#"}},
            ProjectionExpression="pk",
        )
        return {row["pk"]["S"].removeprefix("FILE#") for page in found for row in page["Items"]}

    # --- the mark ---

    def is_in(self) -> bool:
        """Whether this very sample was brought in before, into the tables as they are now."""
        try:
            answer = self._cloud.client("dynamodb").get_item(TableName=MARKS, Key={"pk": {"S": "sample"}})
        except ClientError:
            return False
        return bool(answer.get("Item", {}).get("digest", {}).get("S") == self.digest())

    def mark(self) -> None:
        dynamodb = self._cloud.client("dynamodb")
        with suppress(dynamodb.exceptions.ResourceInUseException):
            dynamodb.create_table(
                TableName=MARKS,
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
        dynamodb.put_item(TableName=MARKS, Item={"pk": {"S": "sample"}, "digest": {"S": self.digest()}})


class _Waiting:
    """A wait that shows a line a second, and notices when nothing goes on."""

    def __init__(self, what: str, say: Say) -> None:
        self._what, self._say = what, say
        self._last: Any = None
        self._since = self._began = time.monotonic()
        self._tries = 0
        self._said = -1

    def stuck(self, progress: Any) -> bool:
        """Whether ``progress`` has been the same for too long; raises ``CannotRun`` when it keeps happening."""
        now = time.monotonic()
        if progress != self._last:
            self._last, self._since = progress, now
            return False
        if now - self._since < PATIENCE:
            return False
        self._since = now
        self._tries += 1
        if self._tries == 3:
            raise CannotRun(f"La carga de {self._what} no avanza: mirá cloud/cloud.log en la carpeta de estado.")
        return True

    def pause(self, figures: str) -> None:
        seconds = int(time.monotonic() - self._began)
        if seconds > self._said:
            self._said = seconds
            self._say(f"{self._what}: {figures} ({seconds} s)")
        time.sleep(0.25)


@contextmanager
def _making(papers: list[pdfs.Paper], made_before: Path) -> Iterator[Made]:
    """PDFs made by other processes from now on, to be taken in the order of ``papers``."""
    # "spawn": a forked child would hold the pipe that tells the cloud whether we live.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=2, mp_context=context)
    try:
        yield pool.map(partial(pdfs.made, cache_folder=made_before), papers, chunksize=25)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _whole(made: Made, unmade: list[str]) -> Iterator[tuple[str, bytes]]:
    """The PDFs that could be made; the names of the others go to ``unmade``."""
    for name, content in made:
        if content is None:
            unmade.append(name)
        else:
            yield name, content


# --- the person -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who can log in; what to tell of them: the companies linked, as ``role number name``, or why none."""

    email: str
    password: str
    companies: list[str]


def person(portal: str, mailbox: Mailbox, folder: Path, link_policy: str) -> Person:
    """Register, activate and link the demo person through the API, as anybody would; what is done already stays."""
    told: list[str] = []
    with httpx.Client(base_url=portal, timeout=90) as api:
        try:
            headers = {"Authorization": f"Bearer {_logged_in(api, mailbox)}"}
        except _Otherwise:
            why = "ya no entra así: le cambiaron la contraseña, o la cuenta está bloqueada o frenada"
            return Person(PERSON["email"], PERSON["password"], [f"{why}; «make reset» empieza de nuevo"])
        for kind, companies in shown(pdfs.rows(folder / "companies.csv"), folder).items():
            # Under "proof" the code goes to the address that the ERP has.
            wanted = next((row for row in companies if row["email"] or link_policy == "open"), None)
            if wanted is None:
                why = (
                    "ninguno tiene correo, y con LINK_POLICY=proof el código va ahí" if companies else "no hay ninguno"
                )
                told.append(f"sin {kind.lower()}: en estos datos {why}")
            elif _linked(api, headers, mailbox, wanted):
                told.append(f"{kind.lower()} {wanted['code']} {wanted['name']}")
            else:
                told.append(f"sin {kind.lower()}: {wanted['code']} {wanted['name']} no se pudo vincular")
        _logged_out(api)
    return Person(PERSON["email"], PERSON["password"], told)


_COUNTED = tuple(f"RATE#{kind}#" for kind in ("activate", "new_login", "link_code", "company_linked"))
"""Rows that count the mails which making the person sends (``miinti.mail.outbox``)."""


@contextmanager
def uncounted(dynamodb: Any, outbox_table: str) -> Iterator[None]:
    """What counts the person's mails stands afterwards as it did before: three of a kind go to an address in an hour,
    and whoever tries a company's link right after the start has all three."""
    before = _counts(dynamodb, outbox_table)
    try:
        yield
    finally:
        for pk, row in _counts(dynamodb, outbox_table).items():
            if pk not in before:
                dynamodb.delete_item(TableName=outbox_table, Key={name: row[name] for name in ("pk", "sk")})
            elif row != before[pk]:
                dynamodb.put_item(TableName=outbox_table, Item=before[pk])


def _counts(dynamodb: Any, outbox_table: str) -> dict[str, Any]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=outbox_table)
    rows = (row for page in pages for row in page["Items"])
    return {row["pk"]["S"]: row for row in rows if row["pk"]["S"].startswith(_COUNTED)}


def shown(companies: list[pdfs.Row], folder: Path) -> dict[str, list[pdfs.Row]]:
    """Companies that went in, by kind, whom to show first: the client on the manual's screens, others who have
    documents, as they stand; the suppliers with the most certificates."""
    documents = {row["company_code"] for row in pdfs.rows(folder / "documents.csv")}
    certificates = Counter(row["supplier_code"] for row in pdfs.rows(folder / "withholdings.csv"))
    clients = [row for row in companies if row["kind"] == "Cliente"]
    suppliers = [row for row in companies if row["kind"] == "Proveedor"]
    return {
        "Cliente": sorted(clients, key=lambda row: (row["code"] != SHOWN_CLIENT, row["code"] not in documents)),
        "Proveedor": sorted(suppliers, key=lambda row: -certificates[row["code"]]),
    }


class _Otherwise(Exception):
    """The demo person is there, but not as they were made."""


def _logged_in(api: httpx.Client, mailbox: Mailbox) -> str:
    """An access token. Raises ``_Otherwise`` for who is registered and cannot log in."""
    login = {"email": PERSON["email"], "password": PERSON["password"]}
    answer = api.post("/v1/login", json=login)
    if answer.status_code != 200:
        seen = {mail.id for mail in mailbox.newest_first(PERSON["email"])}
        _expected(api.post("/v1/register", json=PERSON), 202)
        try:
            mail = _mail(mailbox, PERSON["email"], seen, "activate", "already_registered")
        except CannotRun:
            # Who is told often that the address has an account is not told any more.
            if seen:
                raise _Otherwise from None
            raise
        if mail.template == "already_registered":
            raise _Otherwise
        link = next(link for link in mail.links if "#t=" in link)
        _expected(api.post("/v1/activate", json={"token": link.partition("#t=")[2]}), 204)
        answer = _expected(api.post("/v1/login", json=login), 200)
    token: str = answer.json()["access_token"]
    return token


def _logged_out(api: httpx.Client) -> None:
    """The person shall find no session of an unknown program. By hand: a Secure cookie does not go over HTTP."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in api.cookies.jar)
    _expected(api.post("/v1/session/logout", headers={"Cookie": cookies}), 204)


def _linked(api: httpx.Client, headers: dict[str, str], mailbox: Mailbox, company: pdfs.Row) -> bool:
    """Whether the person now has the company; not where the portal knows it not, or otherwise."""
    role = "client" if company["kind"] == "Cliente" else "supplier"
    seen = {mail.id for mail in mailbox.newest_first(company["email"])}
    asked = api.post(
        "/v1/companies", headers=headers, json={"role": role, "cuit": company["cuit"], "number": company["code"]}
    )
    if _expected(asked, 201, 202, 404, 409, 429).status_code == 202:
        try:
            code = _mail(mailbox, company["email"], seen, "link_code").text
        except CannotRun:
            # The link was suspended, or the codes of the hour are used up: the answer is the same (S07).
            return False
        # On a line of its own: the company's name may be six capitals too.
        found = re.search(r"^[A-Z2-9]{6}$", code, re.MULTILINE)
        request_id = asked.json()["request_id"]
        body = {"code": found.group() if found else ""}
        _expected(api.post(f"/v1/link-requests/{request_id}/confirm", headers=headers, json=body), 201)
    return asked.is_success or asked.json().get("code") == "already_linked"


def _mail(mailbox: Mailbox, to: str, seen: set[str], *templates: str, seconds: float = 60) -> Mail:
    """The first mail of one of these templates to an address that was not there before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for mail in reversed(mailbox.newest_first(to)):
            if mail.id not in seen and mail.template in {*templates, ""}:
                return mail
        time.sleep(0.1)
    raise CannotRun(f"No llegó el correo «{templates[0]}» para {to}: mirá cloud/cloud.log en la carpeta de estado.")


def _expected(answer: httpx.Response, *statuses: int) -> httpx.Response:
    if answer.status_code not in statuses:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise CannotRun(f"{asked} respondió {answer.status_code}: {answer.text[:300]}")
    return answer
