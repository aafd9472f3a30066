"""An account that nobody activated goes after seven days: by TTL, and at once for whoever reads it (S78, R18)."""

import time_machine

from miinti.accounts import store
from tests import visitors
from tests.cloud import Cloud

EMAIL = "ana@example.com"


def test_S78_all_of_an_account_never_activated_goes(cloud: Cloud, clock: time_machine.Traveller) -> None:
    visitors.register(cloud)
    visitors.login(cloud)
    cloud.call("resend_activation", {"email": EMAIL})
    rows = [row for table in ("IdentityTable", "CompaniesTable", "OutboxTable") for row in cloud.rows(table)]
    assert all("ttl" in row for row in rows)
    now = 1795510800
    identity = {row["sk"]: int(row["ttl"]) - now for row in rows if row["sk"] in {"ACCOUNT", "EMAIL"}}
    assert identity == {"ACCOUNT": store.WAITING_KEPT, "EMAIL": store.WAITING_KEPT}
    # Mails that went are kept as any other's: thirty days.
    assert all(int(row["ttl"]) - now <= 30 * 86400 for row in rows)


def test_S78_R18_past_its_time_it_is_nobody_whether_or_not_ttl_has_come(
    cloud: Cloud, clock: time_machine.Traveller, hashes: list[str]
) -> None:
    visitors.register(cloud)
    clock.shift(store.WAITING_KEPT - 1)
    assert visitors.login(cloud).code == "not_activated"
    clock.shift(1)
    answer = visitors.login(cloud)
    assert (answer.status, answer.code) == (401, "invalid_credentials")
    before = len(cloud.mails("activate"))
    cloud.call("resend_activation", {"email": EMAIL})
    cloud.call("forgot_password", {"email": EMAIL})
    assert len(cloud.mails("activate")) == before


def test_S78_whoever_asks_for_mails_keeps_it_no_longer_than_fourteen_days(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    """Anybody may ask. The last mail's token ends with the account, and the mail says so."""
    visitors.register(cloud)
    for day in range(1, 14):
        clock.shift(86400)
        assert cloud.call("resend_activation", {"email": EMAIL}).status == 202
        assert len(cloud.mails("activate")) == day + 1
    (row,) = [row for row in cloud.rows("IdentityTable") if row["sk"] == "ACCOUNT"]
    ends = int(row["created_at"]) + store.WAITING_MOST
    assert [int(row["ttl"]) for row in cloud.rows("IdentityTable") if row["sk"] in {"ACCOUNT", "EMAIL"}] == [ends] * 2
    assert cloud.mails("activate")[-1]["token"][3] == ends
    token = visitors.mailed(cloud, "activate")
    clock.shift(86400)
    cloud.call("resend_activation", {"email": EMAIL})
    assert len(cloud.mails("activate")) == 14
    assert cloud.call("activate", {"token": token}).code == "invalid_token"
    assert visitors.login(cloud).code == "invalid_credentials"


def test_S78_R18_its_address_is_free_for_another(cloud: Cloud, clock: time_machine.Traveller) -> None:
    visitors.register(cloud, first_name="Intrusa", password="clave de quien no era")
    clock.shift(store.WAITING_KEPT)
    account_id = visitors.member(cloud)
    row = visitors.account_row(account_id)
    assert (row["first_name"], row["state"]) == ("Ana", "active")
    assert "contested" not in row
    assert visitors.login(cloud).status == 200
    assert visitors.login(cloud, password="clave de quien no era").status == 401
