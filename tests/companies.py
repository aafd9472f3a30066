"""People, companies and links as tests find them: rows as the functions and the ERP's deliveries write them."""

import itertools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from miinti import aws
from miinti.accounts import sessions, store, tokens
from miinti.companies import access
from miinti.values import cuit as cuits
from tests.cloud import Answered, Cloud, Context, asked

CUIT = "33693450239"
ON_FILE = "pagos@adm-federal.example"
_grants = itertools.count(1)


def cuit(body: int, prefix: str = "30") -> str:
    """A good CUIT for a body of eight digits, or of the next body that has one."""
    for candidate in itertools.count(body):
        digit = cuits.check_digit(f"{prefix}{candidate:08d}")
        if digit is not None:
            return f"{prefix}{candidate:08d}{digit}"
    raise AssertionError


def person(
    cloud: Cloud, account_id: str = "a1", email: str = "", first_name: str = "Ana", last_name: str = "Paz"
) -> str:
    """An active account with a session; answers its access token."""
    now = int(time.time())
    pk, sk = store.key(account_id)
    account = {
        "pk": pk,
        "sk": sk,
        "id": account_id,
        "first_name": first_name,
        "last_name": last_name,
        "email": email or f"{account_id}@personas.example",
        "state": "active",
    }
    aws.write(aws.put("IdentityTable", account))
    pk, sk = sessions.key(account_id, "s1")
    session = {"pk": pk, "sk": sk, "expires_at": now + 40 * 86400, "last_used_at": now, "remember": True}
    aws.write(aws.put("IdentityTable", session))
    return token(cloud, account_id)


def token(cloud: Cloud, account_id: str = "a1") -> str:
    """A fresh access token of the person's session: one lives ten minutes."""
    with cloud.as_function("list_companies"):
        return tokens.mint(account_id, "s1")


def company(role: str = "client", number: str = "27334", cuit: str = CUIT, **more: Any) -> str:
    """An account of the institute as the ERP's delivery leaves it; answers its id. What is None is not there."""
    company_id = access.company_id(role, number)
    pk, sk = access.company_key(company_id)
    row: dict[str, Any] = {
        "pk": pk,
        "sk": sk,
        "id": company_id,
        "role": role,
        "number": number,
        "cuit": cuit,
        "name": "ADM. FEDERAL DE ING. PUBLICOS",
        "address": "Hipólito Yrigoyen 370, CABA",
        "email": ON_FILE,
        "iva_code": "4",
        "iva_condition": "Exento",
        "balance": 24216800 if role == "client" else None,
        "as_of": 1782874799 if role == "client" else None,
        "n_voucher": 0,
        "n_withholding": 0,
        "n_quote": 0,
        "n_work_order": 0,
        "open_cents": 0,
        **more,
    }
    aws.write(aws.put("CompaniesTable", row))
    return company_id


def link(account_id: str, company_id: str, state: str = "active", linked_at: int = 1782000000) -> str:
    """A link as it stands after linking; answers its grant."""
    pk, sk = access.link_key(account_id, company_id)
    grant = f"grant{next(_grants)}"
    row = {"pk": pk, "sk": sk, "company": company_id, "state": state, "grant": grant, "linked_at": linked_at}
    aws.write(aws.put("CompaniesTable", row))
    return grant


def links(cloud: Cloud, account_id: str = "") -> dict[tuple[str, str], str]:
    """(account, company) → state of every link there is."""
    return {
        (row["pk"].removeprefix("ACCOUNT#"), row["company"]): row["state"]
        for row in cloud.rows("CompaniesTable")
        if row["sk"].startswith("LINK#") and row["pk"].endswith(account_id)
    }


def at_once(cloud: Cloud, calls: Sequence[tuple[str, dict[str, Any]]]) -> list[Answered]:
    """Calls of several functions, each from a thread of its own at one time, answered in their order."""
    start = threading.Barrier(len(calls))

    def one(call: tuple[str, dict[str, Any]]) -> Answered:
        use_case, request = call
        start.wait()
        return Answered(cloud.function(use_case).handler(asked(**request), Context()))

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(calls)) as pool:
        for use_case in {use_case for use_case, _ in calls}:
            cloud.function(use_case)
            for name, value in cloud.environment(use_case).items():
                patch.setenv(name, value)
        return list(pool.map(one, calls))
