"""Chapter 6 of the manual, "Proveedores - Mis retenciones": link as a supplier, see and download the certificates."""

import pytest

from tests import documents
from tests.journeys.conftest import Portal, read
from tests.journeys.person import Person
from tests.journeys.test_chapter_4_client import as_of_today


@pytest.fixture(scope="module")
def supplier(portal: Portal) -> dict[str, str]:
    """The supplier of the sample with the most certificates."""
    codes = [row["supplier_code"] for row in read(portal.sample, "withholdings")]
    most = max(set(codes), key=codes.count)
    return next(row for row in read(portal.sample, "companies") if (row["kind"], row["code"]) == ("Proveedor", most))


def test_certificates_are_listed_as_the_files_have_them_and_downloaded(
    portal: Portal, supplier: dict[str, str]
) -> None:
    ana = Person(portal).arrive()
    company = ana.linked(supplier)
    assert company["balance"] is None
    portal.mail(supplier["email"], "company_linked", about=ana.email)
    items = ana.walk(company["id"])
    expected = [as_of_today(item) for item in documents.expected("withholding", company["id"])]
    assert len(items) == len(expected) > 1
    assert sorted(items, key=lambda item: str(item["id"])) == sorted(expected, key=lambda item: str(item["id"]))
    assert [item["date"] for item in items] == sorted((item["date"] for item in items), reverse=True)

    certificate = items[0]
    told, text = ana.download(company["id"], certificate["id"])
    assert certificate["number"] in text
    assert "retenci" in text.lower()
    assert told["filename"].endswith(".pdf")
    shown = ana.get(f"/v1/companies/{company['id']}/docs/{certificate['id']}")
    assert (shown["amount"], shown["base"]) == (certificate["amount"], certificate["base"])

    for sort in ("-amount", "number", "tax"):
        assert ana.walk(company["id"], sort=sort) == documents.in_order(expected, sort)
    year = [item for item in expected if item["date"].startswith("2020")]
    assert ana.walk(company["id"], **{"from": "2020-01-01", "to": "2020-12-31"}) == documents.in_order(year, "-date")
    wanted = [item for item in expected if documents.found(item, "iva")]
    assert ana.walk(company["id"], q="iva") == documents.in_order(wanted, "-date")


def test_S47_a_supplier_has_certificates_and_nothing_else(portal: Portal, supplier: dict[str, str]) -> None:
    ana = Person(portal).arrive()
    company = ana.linked(supplier)
    for kind in ("voucher", "quote", "work_order"):
        answer = ana.ask("GET", f"/v1/companies/{company['id']}/docs", params={"kind": kind})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "kind")
    assert {item["kind"] for item in ana.walk(company["id"])} == {"withholding"}
