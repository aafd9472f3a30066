"""Looks at a deployed stage from outside, for what no test at home can prove: TLS, headers of the edge, the way round
CloudFront closed. ``python -m tools.smoke https://portal [https://execute-api…]`` answers 0 when all is well."""

import datetime as dt
import http.client
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping

from tools import security_txt

HEADERS = ("strict-transport-security", "content-security-policy", "x-content-type-options", "referrer-policy")


def look(portal: str, execute_api: str | None = None) -> int:
    """The number of things that are wrong, each told in a line."""
    wrong = []
    status, headers, _ = _get(f"{portal}/")
    wrong += _expect("the start page", status, 200, headers)
    status, headers, _ = _get(f"{portal}/ingresar")
    wrong += _expect("a page's path", status, 200, headers)
    status, headers, body = _get(f"{portal}{security_txt.PATH}")
    wrong += _expect("security.txt", status, 200, headers)
    wrong += security_txt.faults(body, portal, dt.datetime.now(dt.UTC))
    status, headers, _ = _get(f"{portal}/v1/me")
    wrong += _expect("the API without a token", status, 401, headers)
    if headers.get("cache-control") != "no-store":
        wrong.append("the API's answers may be cached")
    if execute_api and _get(f"{execute_api}/v1/me")[0] not in {0, 403, 404}:
        wrong.append("the API answers who goes round CloudFront")
    if _takes_old_tls(portal):
        wrong.append("TLS 1.1 is taken (expected only with CloudFront's own certificate)")
    for line in wrong:
        print(f"smoke: {line}", file=sys.stderr)
    if not wrong:
        print("smoke: all well")
    return len(wrong)


def _expect(what: str, status: int, wanted: int, headers: Mapping[str, str]) -> list[str]:
    missing = [name for name in HEADERS if name not in headers]
    return ([f"{what} answers {status}, not {wanted}"] if status != wanted else []) + (
        [f"{what} lacks {', '.join(missing)}"] if missing else []
    )


def _get(url: str) -> tuple[int, dict[str, str], str]:
    """Status (0: no answer at all), headers, names in lower case, and body."""
    if not url.startswith("https://"):
        sys.exit(f"smoke looks at https addresses only, not at {url}")
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - its scheme was looked at
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, headers, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        return refused.code, {name.lower(): value for name, value in refused.headers.items()}, ""
    except OSError:
        return 0, {}, ""


def _takes_old_tls(portal: str) -> bool:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    connection = http.client.HTTPSConnection(portal.removeprefix("https://"), timeout=20, context=context)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


if __name__ == "__main__":
    sys.exit(look(*sys.argv[1:]))
