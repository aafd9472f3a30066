"""Mercado Pago's Checkout Pro, by its official SDK: a preference is a checkout, a payment an attempt.

What the SDK would leave to chance is decided here (docs/decisions/payments.md): idempotency keys, timeouts, one try, no
redirects, nothing out of the environment, the age of notices. Imported by functions that have ``PaymentsLayer`` alone.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

import mercadopago
import requests
from mercadopago.config import RequestOptions
from mercadopago.errors.exceptions import MPServerError
from mercadopago.http import HttpClient
from mercadopago.webhook import InvalidWebhookSignatureError, WebhookSignatureValidator

from miinti import clock
from miinti.errors import Unavailable
from miinti.payments.provider import (
    AGE,
    Attempt,
    AttemptState,
    Checkout,
    Notice,
    NoticeRefused,
    Order,
    ProviderRefused,
    refund_key,
)

API: Final = "https://api.mercadopago.com"
HOSTS: Final = frozenset({"www.mercadopago.com.ar", "sandbox.mercadopago.com.ar"})
"""Where a browser may be sent (S62)."""
TIMEOUT: Final = (2.0, 6.0)
"""Seconds to connect, and to wait for an answer."""
STATES: Final[Mapping[str, AttemptState]] = {
    "pending": "pending",
    "authorized": "in_process",
    "in_process": "in_process",
    "approved": "credited",
    # Somebody disputes money that we have: what becomes of it is told by what comes next.
    "in_mediation": "credited",
    "rejected": "rejected",
    "cancelled": "cancelled",
    "refunded": "refunded",
    # Of one that was lost; of others see ``_disputed``.
    "charged_back": "charged_back",
}
_SIGNED = re.compile(r" *ts=([0-9]{10}|[0-9]{13}) *, *v1=([0-9a-f]{64}) *", re.ASCII)
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)
_PAGE: Final = 50
_LONG_AGO: Final = 86400


class _Client(HttpClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's transport with our bounds, to ``base``: its own waits 60 s, follows redirects with the token in the
    header, and reads proxies and ``.netrc``."""

    def __init__(self, base: str) -> None:
        self._base = base

    def request(self, method: str, url: str, **asked: Any) -> dict[str, Any]:
        for name in ("maxretries", "retry_on", "backoff_factor"):
            asked.pop(name, None)
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method, url.replace(API, self._base, 1), **{**asked, "timeout": TIMEOUT, "allow_redirects": False}
            )
            body = None
            if answer.content and answer.status_code < 500:
                try:
                    body = answer.json(parse_float=Decimal)
                except ValueError as unread:
                    raise MPServerError(answer.status_code, {"error": "invalid_response"}) from unread
            return {"status": answer.status_code, "response": body}


class MercadoPago:
    """``token`` and ``keys`` (of the webhook; two while one replaces the other) are the application's; ``live`` says
    that test money does not count."""

    def __init__(self, token: str, keys: Sequence[str], *, live: bool, base: str = API) -> None:
        self._token = token
        self._keys = keys
        self._live = live
        self._base = base

    @property
    def name(self) -> str:
        return "mercadopago"

    @cached_property
    def _sdk(self) -> Any:
        return mercadopago.SDK(self._token, http_client=_Client(self._base))

    def open(self, order: Order) -> Checkout:
        wanted = {
            "items": [
                # A number of JSON: cents become one last. Sums of two decimals are compared in cents when they return.
                {"title": item.title, "quantity": 1, "unit_price": item.cents / 100, "currency_id": order.currency}
                for item in order.items
            ],
            "external_reference": order.reference,
            "back_urls": dict.fromkeys(("success", "pending", "failure"), order.return_url),
            "auto_return": "approved",
            "expires": True,
            "expiration_date_to": _instant(order.expires_at),
            "date_of_expiration": _instant(order.pays_until),
        }
        told = self._asked(self._sdk.preference().create, wanted, key=order.reference)
        url = str(told["init_point"])
        place = urlsplit(url)
        if place.scheme != "https" or place.netloc not in HOSTS:
            raise ProviderRefused(200)
        return Checkout(str(told["id"]), url)

    def close(self, checkout_id: str) -> None:
        # A preference cannot be deleted; one whose time is over takes no payment.
        over = {"expires": True, "expiration_date_from": _instant(0), "expiration_date_to": _instant(_LONG_AGO)}
        self._asked(self._sdk.preference().update, checkout_id, over, key=f"close-{checkout_id}"[:64])

    def fetch(self, attempt_id: str) -> Attempt | None:
        try:
            return self._attempt(self._asked(self._sdk.payment().get, attempt_id))
        except ProviderRefused as refused:
            if refused.status == 404:
                return None
            raise

    def attempts(self, reference: str) -> list[Attempt]:
        found: list[Attempt] = []
        while True:
            asked = {"external_reference": reference, "limit": _PAGE, "offset": len(found)}
            told = self._asked(self._sdk.payment().search, asked)
            found += [self._attempt(payment) for payment in told["results"]]
            if not told["results"] or len(found) >= int(told["paging"]["total"]):
                return found

    def _attempt(self, payment: Mapping[str, Any]) -> Attempt:
        state = STATES.get(payment["status"])
        if state is None:
            # A state that we do not know is no money; somebody has to look at it.
            raise ProviderRefused(200)
        disputed = _disputed(payment)
        return Attempt(
            str(payment["id"]),
            str(payment.get("external_reference") or ""),
            "credited" if disputed else state,
            _cents(payment["transaction_amount"]),
            str(payment["currency_id"]),
            _cents(payment.get("transaction_amount_refunded") or 0),
            # People made for testing pay in what calls itself live: only the other way tells anything.
            bool(payment["live_mode"]) or not self._live,
            disputed,
        )

    def notice(self, sent: Notice, now: float) -> str | None:
        attempt, request_id = sent.query.get("data.id", ""), sent.headers.get("x-request-id")
        signed = _SIGNED.fullmatch(sent.headers.get("x-signature", ""))
        if signed is None:
            raise NoticeRefused("signature_missing")
        # One time and one signature, as they were read here: of several the SDK takes the last, and the age would be
        # another's.
        signature = f"ts={signed[1]},v1={signed[2]}"
        if not any(self._signed(signature, request_id, attempt, key) for key in self._keys):
            raise NoticeRefused("signature")
        # Seconds or milliseconds: Mercado Pago has sent both, and the SDK's own check takes the first alone.
        if abs(now - int(signed[1][:10])) > AGE:
            raise NoticeRefused("age")
        if sent.query.get("type") != "payment" or not _ID.fullmatch(attempt):
            return None
        return attempt

    @staticmethod
    def _signed(signature: str, request_id: str | None, attempt: str, key: str) -> bool:
        try:
            WebhookSignatureValidator.validate(signature, request_id, attempt, key)
        except InvalidWebhookSignatureError:
            return False
        return True

    def refund(self, attempt: Attempt) -> None:
        self._asked(self._sdk.refund().create, attempt.id, key=refund_key(attempt))

    def _asked(self, operation: Any, *given: Any, key: str = "") -> Any:
        options = RequestOptions(
            access_token=self._token,
            connection_timeout=sum(TIMEOUT),
            max_retries=0,
            custom_headers={"x-idempotency-key": key} if key else {},
        )
        try:
            answer = operation(*given, request_options=options)
        except (requests.RequestException, MPServerError) as silent:
            # Its text may have the address that was asked, which names a payment: the reason alone goes on.
            raise Unavailable(f"mercadopago: {type(silent).__name__}") from None
        status = int(answer["status"])
        if status >= 500 or status in (409, 423, 424, 429):
            raise Unavailable(f"mercadopago: {status}")
        if status >= 300:
            raise ProviderRefused(status)
        return answer["response"]


def _disputed(payment: Mapping[str, Any]) -> bool:
    """Whether its payer disputes it, or did and lost: a chargeback begins as ``in_process`` and ends as ``settled``,
    which takes the money, or ``reimbursed``, which leaves it."""
    if payment["status"] == "charged_back":
        return bool(payment.get("status_detail") != "settled")
    return bool(payment["status"] == "in_mediation")


def _instant(seconds: int) -> str:
    return clock.local(seconds).isoformat(timespec="milliseconds")


def _cents(amount: Decimal | int) -> int:
    """Whole cents of an amount of JSON. What is no whole number of cents is no amount of pesos."""
    cents = Decimal(amount) * 100
    if cents != cents.to_integral_value():
        raise ProviderRefused(200)
    return int(cents)
