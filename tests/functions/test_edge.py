"""The edge itself: what ``http.api`` refuses, answers and hides, whatever the use case."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwt import PyJWK, encode
from jwt.utils import der_to_raw_signature
from pydantic import BaseModel, ConfigDict

from miinti import aws, errors, http
from miinti.accounts import sessions, tokens
from miinti.http import Answer, Handler, Param, Request, api
from tests.cloud import Answered, Cloud, Context, asked
from tests.people import account, signed_in

SLOW = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
SILENT = ReadTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")
TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/IdentityTable"


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    count: int = 0


@contextmanager
def environment(cloud: Cloud, **more: str) -> Iterator[None]:
    with cloud.as_function("show_me"), pytest.MonkeyPatch.context() as patch:
        for name, value in more.items():
            patch.setenv(name, value)
        yield


def ask(cloud: Cloud, handler: Handler, environ: dict[str, str] | None = None, **request: Any) -> Answered:
    with environment(cloud, **(environ or {})):
        return Answered(handler(asked(**request), Context()))


@api("POST /v1/things", "Una cosa", open=True, body=Thing, answers={200: None})
def takes_a_thing(request: Request[Thing]) -> Answer:
    return Answer(200, {"name": request.body.name})


@api("GET /v1/client", "Quién", open=True, answers={200: None})
def tells_the_client(request: Request[None]) -> Answer:
    return Answer(200, {"client": request.client})


@api("GET /v1/mine", "Lo mío", answers={200: None})
def mine(request: Request[None]) -> Answer:
    return Answer(200, {"account": request.account_id, "session": request.session_id})


@api("POST /v1/mine", "Cambiar lo mío", body=Thing, answers={200: None})
def changes_mine(request: Request[Thing]) -> Answer:
    return Answer(200, {"name": request.body.name})


def raises(error: BaseException) -> Handler:
    @api("GET /v1/broken", "Roto", open=True, answers={200: None})
    def broken(request: Request[None]) -> Answer:
        raise error

    return broken


# --- who calls (S19, Decided 10) --------------------------------------------------------------------------------------


def test_S19_the_client_is_the_gateways_word_for_it(cloud: Cloud) -> None:
    for headers in (
        {},
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "203.0.113.9, 192.0.2.1", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"},
        {"X-Viewer-Address": "203.0.113.9"},
        {"X-Viewer-Address": "203.0.113.9", "X-Origin-Secret": "guessed"},
    ):
        answer = ask(cloud, tells_the_client, client="192.0.2.1", headers=headers)
        assert answer.json == {"client": "192.0.2.1"}


SECRETS = {"ORIGIN_SHA256": ",".join(hashlib.sha256(secret).hexdigest() for secret in (b"old one", b"new one"))}


@pytest.mark.parametrize(
    ("viewer", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8::9", "2001:db8::9"),
        (None, "192.0.2.1"),
    ],
)
@pytest.mark.parametrize("secret", ["old one", "new one"])
def test_S19_cloudfronts_word_counts_beside_its_secret(
    cloud: Cloud, viewer: str | None, client: str, secret: str
) -> None:
    headers = {
        "X-Origin-Secret": secret,
        "X-Forwarded-For": "198.51.100.7",
        "CloudFront-Viewer-Address": "198.51.100.8:1",
    }
    if viewer:
        headers["X-Viewer-Address"] = viewer
    answer = ask(cloud, tells_the_client, SECRETS, client="192.0.2.1", headers=headers)
    assert answer.json == {"client": client}


@pytest.mark.parametrize("secret", [None, "", "guessed", SECRETS["ORIGIN_SHA256"].split(",")[0]])
def test_S19_a_call_that_goes_round_cloudfront_is_refused(cloud: Cloud, secret: str | None) -> None:
    headers = {"X-Viewer-Address": "203.0.113.9"}
    if secret is not None:
        headers["X-Origin-Secret"] = secret
    answer = ask(cloud, tells_the_client, SECRETS, headers=headers)
    assert (answer.status, answer.code) == (403, "forbidden")


# --- access tokens (S30, S41) -----------------------------------------------------------------------------------------


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    header, claims, signature = (
        base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)) for piece in token.split(".")
    )
    return json.loads(header), json.loads(claims), signature


def kms_signed(cloud: Cloud, header: Any, claims: Any, key: str = "TokenKey.Arn") -> str:
    """A token with our own key's signature, whatever it says: what only our own mistake could make."""
    text = f"{part(header)}.{part(claims)}"
    answer = aws.kms().sign(
        KeyId=cloud.resolved({"Fn::GetAtt": key}),
        Message=text.encode(),
        MessageType="RAW",
        SigningAlgorithm="ECDSA_SHA_256",
    )
    return f"{text}.{part(der_to_raw_signature(answer['Signature'], ec.SECP256R1()))}"


def public_pem(cloud: Cloud) -> bytes:
    with environment(cloud):
        (key,) = tokens.public_keys().values()
    pem: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def hmac_signed(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    text = f"{part(header)}.{part(claims)}"
    return f"{text}.{part(hmac.digest(secret, text.encode(), 'sha256'))}"


def without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in claims.items() if key != name}


def embedded_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    own = ec.generate_private_key(ec.SECP256R1())
    numbers = own.public_key().public_numbers()
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": part(numbers.x.to_bytes(32, "big")),
        "y": part(numbers.y.to_bytes(32, "big")),
    }
    assert PyJWK(jwk)
    return encode(claims, own, "ES256", {**header, "jwk": jwk, "jku": "https://evil.example/keys"})


def attacks(cloud: Cloud, token: str) -> dict[str, str]:
    """Tokens that are no good, each for one reason, made from one that is."""
    header, claims, signature = parts_of(token)
    stranger = ec.generate_private_key(ec.SECP256R1())
    sealed = f"{part(header)}.{part(claims)}"
    endless = json.dumps(claims).replace(f'"exp": {claims["exp"]}', '"exp": 1e400')
    good = kms_signed(cloud, header, claims)

    def headed(**more: Any) -> str:
        return kms_signed(cloud, {**header, **more}, claims)

    def claimed(**more: Any) -> str:
        return kms_signed(cloud, header, {**claims, **more})

    def unsigned(alg: str) -> str:
        return f"{part({**header, 'alg': alg})}.{part(claims)}"

    return {
        "alg none": unsigned("none") + ".",
        "alg none, signature kept": f"{unsigned('none')}.{part(signature)}",
        "alg nOnE": unsigned("nOnE") + ".",
        "alg ES384": f"{unsigned('ES384')}.{part(signature)}",
        "no alg": f"{part(without(header, 'alg'))}.{part(claims)}.{part(signature)}",
        "HS256 with the public PEM": hmac_signed({**header, "alg": "HS256"}, claims, public_pem(cloud)),
        "HS256 with nothing": hmac_signed({**header, "alg": "HS256"}, claims, b""),
        "another key, its own jwk": embedded_key(header, claims),
        "another key, our kid": encode(claims, stranger, "ES256", header),
        "zero signature": f"{sealed}.{part(bytes(64))}",
        "no signature": f"{sealed}.",
        "short signature": f"{sealed}.{part(signature[:63])}",
        "long signature": f"{sealed}.{part(signature + bytes(1))}",
        "DER signature": f"{sealed}.{part(stranger.sign(sealed.encode(), ec.ECDSA(SHA256())))}",
        "tampered claims": f"{part(header)}.{part({**claims, 'sub': 'b1'})}.{part(signature)}",
        "tampered header": f"{part({**header, 'x': 1})}.{part(claims)}.{part(signature)}",
        "expired": claimed(exp=claims["iat"]),
        "expired long ago": claimed(exp=1),
        "exp as text": claimed(exp=str(claims["exp"])),
        "exp as fraction": claimed(exp=claims["exp"] + 0.5),
        "exp true": claimed(exp=True),
        "exp endless": kms_signed(cloud, header, endless.encode()),
        "exp as list": claimed(exp=[claims["exp"]]),
        "nbf in the future": claimed(nbf=claims["nbf"] + 60),
        "nbf as list": claimed(nbf=[claims["nbf"]]),
        "iat in the future": claimed(iat=claims["iat"] + 60),
        "another issuer": claimed(iss="miinti-prod"),
        "another audience": claimed(aud="miinti-prod"),
        "a list of audiences": claimed(aud=[claims["aud"], "x"]),
        "sub as number": claimed(sub=1),
        "sid as list": claimed(sid=[claims["sid"]]),
        "another use": claimed(token_use="id"),
        "no use": kms_signed(cloud, header, without(claims, "token_use")),
        **{
            f"no {name}": kms_signed(cloud, header, without(claims, name))
            for name in ("iss", "aud", "exp", "nbf", "iat", "sub", "sid", "jti")
        },
        "typ JWT": headed(typ="JWT"),
        "no typ": kms_signed(cloud, without(header, "typ"), claims),
        "crit": headed(crit=["exp"]),
        "crit of something": headed(crit=["b64"], b64=True),
        "unknown kid": headed(kid="0" * 16),
        "kid as path": headed(kid="../../etc/passwd"),
        "kid as list": headed(kid=[header["kid"]]),
        "no kid": kms_signed(cloud, without(header, "kid"), claims),
        "claims no object": kms_signed(cloud, header, [claims]),
        "claims no JSON": kms_signed(cloud, header, b"\xff{"),
        "header no object": kms_signed(cloud, [header], claims),
        "four parts": good + ".x",
        "two parts": sealed,
        "padded": good + "==",
        "a sign Base64 has not": good + "!",
        "a blank inside": good.replace(".", ". ", 1),
        "deep header": f"{part(b'[' * 1100)}.{part(claims)}.{part(signature)}",
        "deep claims": kms_signed(cloud, header, b"[" * 1300),
        "much too long": claimed(more="x" * 10_000),
        "empty": "",
        "dots": "..",
    }


def test_S30_every_attack_is_refused_and_the_good_token_is_not(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    good = kms_signed(cloud, *parts_of(here.token)[:2])
    assert ask(cloud, mine, token=good).json == {"account": here.account_id, "session": here.session_id}
    for name, token in attacks(cloud, here.token).items():
        answer = ask(cloud, mine, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 401, name
        assert answer.code == "invalid_token", name
        assert answer.headers["www-authenticate"] == 'Bearer realm="miinti", error="invalid_token"', name
    assert ask(cloud, mine, token=good).status == 200


def test_S30_a_signature_has_one_spelling(cloud: Cloud) -> None:
    token = signed_in(cloud, account(cloud)).token
    for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".replace(token[-1], ""):
        assert ask(cloud, mine, token=token[:-1] + sign).status == 401


@SLOW
@given(st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]{0,99}\.[A-Za-z0-9_-]{0,99}\.[A-Za-z0-9_-]{0,99}"))
def test_S30_no_text_at_all_makes_a_fault(cloud: Cloud, text: str) -> None:
    for headers in ({"Authorization": text}, {"Authorization": f"Bearer {text}"}):
        answer = ask(cloud, mine, headers=headers)
        assert (answer.status, answer.code) == (401, "invalid_token")


@pytest.mark.parametrize("scheme", ["", "Basic ", "Token ", "Bearer", "BearerX "])
def test_S45_a_route_is_closed_unless_it_says_so(cloud: Cloud, scheme: str) -> None:
    token = signed_in(cloud, account(cloud)).token
    cloud.counted()
    assert ask(cloud, mine).status == 401
    assert ask(cloud, mine, headers={"Authorization": scheme + token}).status == 401
    assert not [call for call in cloud.counted() if call.startswith("dynamodb")]
    assert ask(cloud, mine, headers={"Authorization": "bearer  " + token}).status == 200


def test_S45_of_an_ended_session_nothing_that_came_is_looked_at(cloud: Cloud) -> None:
    """401 comes first, whatever the body is: only who is let in learns what is wrong with it."""
    ended, live = (signed_in(cloud, account(cloud)) for _ in range(2))
    aws.write(aws.delete("IdentityTable", sessions.key(ended.account_id, ended.session_id)))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for status, sent in (
        (415, {"raw": b"name=x", "headers": form}),
        (413, {"raw": b" " * (http.MAX_BODY + 1)}),
        (400, {"raw": b"{"}),
        (422, {"body": {}}),
        (422, {"body": {"name": "x"}, "query": {"unknown": "x"}}),
        (200, {"body": {"name": "x"}}),
    ):
        assert ask(cloud, changes_mine, token=live.token, **sent).status == status
        answer = ask(cloud, changes_mine, token=ended.token, **sent)
        assert (answer.status, answer.code) == (401, "invalid_token"), status


def test_S30_a_token_lives_ten_minutes(cloud: Cloud) -> None:
    with time_machine.travel("2026-11-24T09:00:00Z", tick=False) as now:
        token = signed_in(cloud, account(cloud)).token
        now.shift(599)
        assert ask(cloud, mine, token=token).status == 200
        now.shift(1)
        assert ask(cloud, mine, token=token).status == 401


def test_S41_two_keys_are_good_while_one_replaces_the_other(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    old = cloud.resolved({"Fn::GetAtt": "TokenKey.Arn"})
    new = aws.kms().create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]

    def started(keys: str) -> dict[str, str]:
        tokens.public_keys.cache_clear()
        return {"TOKEN_KEYS": keys}

    both = started(f"{new},{old}")
    with environment(cloud, **both):
        newer = tokens.mint(here.account_id, here.session_id)
    assert parts_of(newer)[0]["kid"] != parts_of(here.token)[0]["kid"]
    assert ask(cloud, mine, both, token=here.token).status == 200
    assert ask(cloud, mine, both, token=newer).status == 200
    # A new key's token is good before it signs, and an old one's is not after it left.
    assert ask(cloud, mine, started(f"{old},{new}"), token=newer).status == 200
    assert ask(cloud, mine, started(new), token=here.token).status == 401
    cloud.counted()
    assert ask(cloud, mine, {"TOKEN_KEYS": new}, token=here.token).status == 401
    assert not cloud.counted()  # no key is fetched because a token names it


# --- bodies and queries (S50, S58) ------------------------------------------------------------------------------------

JSON = "application/json"


def post(cloud: Cloud, raw: bytes, content_type: str | None = JSON) -> Answered:
    event = asked(raw=raw)
    if content_type is None:
        del event["headers"]["content-type"]
    else:
        event["headers"]["content-type"] = content_type
    with environment(cloud):
        return Answered(takes_a_thing(event, Context()))


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        'application/json; charset="utf-8"',
    ],
)
def test_S58_json_in_utf8_is_taken(cloud: Cloud, content_type: str) -> None:
    answer = post(cloud, '{"name":"Ñandú 🐦"}'.encode(), content_type)
    assert (answer.status, answer.json) == (200, {"name": "Ñandú 🐦"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/problem+json",
        "application/jsonx",
        "xapplication/json",
        "application/json, text/plain",
        "text/plain; x=application/json",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=latin-1",
        "application/json; charset=",
    ],
)
def test_S38_S58_another_content_type_is_415(cloud: Cloud, content_type: str | None) -> None:
    answer = post(cloud, b'{"name":"x"}', content_type)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


MALFORMED = {
    "empty": b"",
    "blank": b" ",
    "cut short": b'{"name":',
    "trailing comma": b'{"name":"x",}',
    "more after it": b'{"name":"x"}{}',
    "single quotes": b"{'name':'x'}",
    "comment": b'{"name":"x"} // y',
    "NaN": b'{"name":NaN}',
    "NaN for a number": b'{"name":"x","count":NaN}',
    "Infinity": b'{"name":"x","count":Infinity}',
    "-Infinity": b'{"name":"x","count":-Infinity}',
    "lone surrogate": b'{"name":"\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff":"x"}',
    "control character": b'{"name":"a\nb"}',
    "not UTF-8": b'{"name":"\xff"}',
    "overlong UTF-8": b'{"name":"\xc0\xae"}',
    "UTF-16": '{"name":"x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name":"x"}',
    "deep list": b"[" * 60_000,
    "deep object": b'{"name":' * 7_000,
    "endless number": b'{"count":' + b"9" * 60_000 + b',"name":"x"}',
    "leading zero": b'{"name":"x","count":01}',
}


def test_S58_malformed_json_is_400(cloud: Cloud) -> None:
    for name, raw in MALFORMED.items():
        answer = post(cloud, raw)
        assert (answer.status, answer.code) == (400, "malformed_json"), name


def test_S58_a_route_without_a_body_takes_none(cloud: Cloud) -> None:
    for raw, status, code in (
        (b"{bad", 400, "malformed_json"),
        (b'{"x":NaN}', 400, "malformed_json"),
        (b'{"x":1}', 422, "validation_failed"),
        (b"[]", 422, "validation_failed"),
    ):
        answer = cloud.call("logout", raw=raw)
        assert (answer.status, answer.code) == (status, code), raw
    assert cloud.call("logout", raw=b'{"x":1}').fields() == {"x": "unknown"}
    assert cloud.call("logout", raw=b"{}").status == cloud.call("logout").status == 204


def test_S58_a_body_whose_wrapping_is_broken_is_400(cloud: Cloud) -> None:
    for body, encoded in (("***", True), ("QUJD=QUJD", True), ("\ud800", False)):
        event = {**asked(raw=b"{}"), "body": body, "isBase64Encoded": encoded}
        with environment(cloud):
            answer = Answered(takes_a_thing(event, Context()))
        assert (answer.status, answer.code) == (400, "malformed_json")


def test_S58_a_body_in_base64_is_the_same_body(cloud: Cloud) -> None:
    raw = '{"name":"Ñandú"}'.encode()
    event = {**asked(raw=raw), "body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    with environment(cloud):
        assert Answered(takes_a_thing(event, Context())).json == {"name": "Ñandú"}


def test_S58_64_kib_are_taken_and_one_byte_more_is_413(cloud: Cloud) -> None:
    def sized(size: int, filler: str) -> bytes:
        empty = len(b'{"name":""}')
        return b'{"name":"' + (filler * size).encode()[: size - empty] + b'"}'

    assert len(sized(http.MAX_BODY, "x")) == 65536
    assert post(cloud, sized(http.MAX_BODY, "x")).status == 200
    for raw in (sized(http.MAX_BODY + 1, "x"), sized(http.MAX_BODY + 2, "ñ"), b"\xff" * 65537, b" " * 1_000_000):
        answer = post(cloud, raw)
        assert (answer.status, answer.code) == (413, "body_too_large")
    # Counted in bytes, not in characters.
    assert post(cloud, ('{"name":"' + "ñ" * 40_000 + '"}').encode()).status == 413


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"{}", {"name": "missing"}),
        (b"null", {"": "wrong_type"}),
        (b"[]", {"": "wrong_type"}),
        (b'"name"', {"": "wrong_type"}),
        (b'{"name":null}', {"name": "wrong_type"}),
        (b'{"name":1}', {"name": "wrong_type"}),
        (b'{"name":["x"]}', {"name": "wrong_type"}),
        (b'{"name":"x","count":"1"}', {"count": "wrong_type"}),
        (b'{"name":"x","count":1.5}', {"count": "wrong_type"}),
        (b'{"name":"x","count":true}', {"count": "wrong_type"}),
        (b'{"name":"x","role":"admin"}', {"role": "unknown"}),
        (b'{"name":"x","Name":"y","__class__":1}', {"Name": "unknown", "__class__": "unknown"}),
    ],
)
def test_S50_a_field_unknown_missing_or_wrong_is_422(cloud: Cloud, raw: bytes, fields: dict[str, str]) -> None:
    answer = post(cloud, raw)
    assert (answer.status, answer.code, answer.fields()) == (422, "validation_failed", fields)
    assert all(error["message"] for error in answer.json["errors"])


@SLOW
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9) | st.just("name"), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_S58_no_json_at_all_makes_a_fault(cloud: Cloud, value: Any) -> None:
    assert post(cloud, json.dumps(value).encode()).status in {200, 400, 422}


@SLOW
@given(st.binary(max_size=200))
def test_S58_no_bytes_at_all_make_a_fault(cloud: Cloud, raw: bytes) -> None:
    assert post(cloud, raw).status in {400, 422}


PARAMS = (
    Param("kind", "clase", choices=("a", "b")),
    Param("limit", "cuántas", minimum=1, maximum=100, default="10"),
    Param("from", "desde", day=True),
    Param("q", "texto", maximum=10),
)


@api("GET /v1/list", "Lista", open=True, query=PARAMS, answers={200: None})
def lists(request: Request[None]) -> Answer:
    return Answer(200, dict(request.query))


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"kind": "c"}, {"kind": "not_allowed"}),
        ({"kind": "a,b"}, {"kind": "not_allowed"}),
        ({"kind": ""}, {"kind": "not_allowed"}),
        ({"limit": "0"}, {"limit": "too_small"}),
        ({"limit": "101"}, {"limit": "too_large"}),
        ({"limit": "1e2"}, {"limit": "wrong_type"}),
        ({"limit": "٣"}, {"limit": "wrong_type"}),
        ({"limit": "1" * 5000}, {"limit": "wrong_type"}),
        ({"from": "2026-02-30"}, {"from": "invalid_day"}),
        ({"from": "20260201"}, {"from": "invalid_day"}),
        ({"from": "2026-W01-1"}, {"from": "invalid_day"}),
        ({"from": "hoy"}, {"from": "invalid_day"}),
        ({"q": "x" * 11}, {"q": "too_long"}),
        ({"sort": "x", "kind": "z"}, {"sort": "unknown", "kind": "not_allowed"}),
    ],
)
def test_S50_S64_a_query_is_what_was_declared(cloud: Cloud, query: dict[str, str], fields: dict[str, str]) -> None:
    answer = ask(cloud, lists, query=query)
    assert (answer.status, answer.code, answer.fields()) == (422, "validation_failed", fields)
    good = {"kind": "a", "limit": "100", "from": "2024-02-29", "q": "x" * 10}
    assert ask(cloud, lists, query=good).json == good
    assert ask(cloud, lists).json == {"limit": "10"}


# --- answers (S59) ----------------------------------------------------------------------------------------------------

FIXED = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-site",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-request-id": "req-1",
    "x-robots-tag": "noindex",
}


def refusals(root: type[errors.Refusal] = errors.Refusal) -> list[type[errors.Refusal]]:
    found = []
    for kind in root.__subclasses__():
        found += [kind, *refusals(kind)]
    return found


MADE: dict[type[errors.Refusal], errors.Refusal] = {
    errors.TooManyAttempts: errors.TooManyAttempts(90),
    errors.AlreadyLinked: errors.AlreadyLinked("c-27334"),
    http.MethodNotAllowed: http.MethodNotAllowed(["GET", "PATCH"]),
    errors.ValidationFailed: errors.ValidationFailed(errors.FieldError("name", "too_long", 80)),
}


def test_S59_every_refusal_there_is_has_its_problem_and_the_headers(cloud: Cloud) -> None:
    statuses = set()
    for kind in refusals():
        answer = ask(cloud, raises(MADE.get(kind) or kind()))
        status, title, detail = http.PROBLEMS[http.problem_key(kind)]
        statuses.add(status)
        assert answer.status == status, kind
        assert FIXED.items() <= answer.headers.items(), kind
        assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
        assert answer.json | {"type": "", "errors": [], "id": ""} == {
            "type": "",
            "title": title,
            "status": status,
            "detail": detail,
            "code": kind.code,
            "request_id": "req-1",
            "errors": [],
            "id": "",
        }
        assert ("retry-after" in answer.headers) == (kind in (errors.TooManyAttempts, errors.NoProvider))
    assert statuses == {400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 503}


def test_what_some_refusals_say_beside(cloud: Cloud) -> None:
    assert ask(cloud, raises(errors.TooManyAttempts(90))).headers["retry-after"] == "90"
    assert ask(cloud, raises(errors.TooManyAttempts(0))).headers["retry-after"] == "1"
    assert ask(cloud, raises(errors.AlreadyLinked("c-27334"))).json["id"] == "c-27334"
    assert ask(cloud, raises(http.MethodNotAllowed(["GET", "PATCH"]))).headers["allow"] == "GET, PATCH"
    assert ask(cloud, raises(MADE[errors.ValidationFailed])).json["errors"] == [
        {"field": "name", "code": "too_long", "message": "Es demasiado largo: el máximo es 80."}
    ]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {"name": "Ñ"}),
        Answer(201, {"id": "x"}, headers={"Location": "/v1/x"}),
        Answer(202),
        Answer(204, cookies=("a=b; Path=/", "c=d")),
    ],
)
def test_S59_every_success_has_the_headers(cloud: Cloud, answer: Answer) -> None:
    @api("GET /v1/good", "Bien", open=True, answers={answer.status: None})
    def good(request: Request[None]) -> Answer:
        return answer

    got = ask(cloud, good)
    assert got.status == answer.status
    assert FIXED.items() <= got.headers.items()
    assert ("content-type" in got.headers) == (answer.body is not None)
    assert got.cookies == list(answer.cookies)
    assert not {"server", "x-powered-by", "access-control-allow-origin"} & got.headers.keys()


# --- faults (S76, S77) ------------------------------------------------------------------------------------------------


def refused_by_aws(code: str, status: int) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": f"not authorized on {TABLE_ARN}"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "BatchGetItem")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(f"secret of {TABLE_ARN}"),
        KeyError("password_hash"),
        RecursionError("maximum recursion depth exceeded"),
        MemoryError(),
        AssertionError(),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
        refused_by_aws("AccessDeniedException", 400),
        aws.ConditionFailed(0, {"pk": "ACCOUNT#a1"}),
        ExceptionGroup("several", [ValueError("x")]),
    ],
)
def test_S76_whatever_goes_wrong_says_only_that_and_the_request(cloud: Cloud, error: Exception) -> None:
    answer = ask(cloud, raises(error))
    assert answer.status == 500
    assert FIXED.items() <= answer.headers.items()
    assert answer.json == {
        "type": "urn:miinti:problem:internal_error",
        "title": "Error interno",
        "status": 500,
        "detail": "Algo falló de nuestro lado. Si se repite, avisanos con este número de pedido.",
        "code": "internal_error",
        "request_id": "req-1",
        "errors": [],
    }


def test_S76_an_answer_that_cannot_be_written_is_an_internal_error(cloud: Cloud) -> None:
    @api("GET /v1/odd", "Raro", open=True, answers={200: None})
    def odd(request: Request[None]) -> Answer:
        return Answer(200, {"x": object()})

    assert ask(cloud, odd).code == "internal_error"


@pytest.mark.parametrize(
    "error",
    [
        SILENT,
        ConnectTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com"),
        EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com"),
        NoCredentialsError(),
        refused_by_aws("ThrottlingException", 400),
        refused_by_aws("ProvisionedThroughputExceededException", 400),
        refused_by_aws("RequestLimitExceeded", 400),
        refused_by_aws("InternalServerError", 500),
        refused_by_aws("SomethingNew", 503),
    ],
)
def test_S77_without_the_session_row_nobody_is_let_in(cloud: Cloud, error: Exception) -> None:
    token = signed_in(cloud, account(cloud)).token
    cloud.faults["dynamodb:BatchGetItem"] = error
    answer = ask(cloud, mine, token=token)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert FIXED.items() <= answer.headers.items()
    assert "dynamodb" not in answer.text
    assert "arn:" not in answer.text
    cloud.faults.clear()
    assert ask(cloud, mine, token=token).status == 200


def test_S77_rows_that_dynamodb_leaves_out_are_not_taken_for_absent(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "_pause", lambda _: None)
    token = signed_in(cloud, account(cloud)).token
    left = iter([True, True, False])

    def busy(call: Callable[[], Any]) -> Any:
        keys = {"IdentityTable": {"Keys": [aws.key_of(("ACCOUNT#a1", "SESSION#x"))], "ConsistentRead": True}}
        return {"Responses": {}, "UnprocessedKeys": keys} if next(left, True) else call()

    cloud.faults["dynamodb:BatchGetItem"] = busy
    assert ask(cloud, mine, token=token).status == 401  # asked again until answered: that session is not there
    assert ask(cloud, mine, token=token).status == 503


def test_S77_with_kms_down_a_function_starts_and_answers_for_itself(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = signed_in(cloud, account(cloud))
    tokens.public_keys.cache_clear()
    cloud.faults["kms:GetPublicKey"] = SILENT
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "miinti-show-me")
    answer = cloud.call("show_me", token=here.token)
    assert (answer.status, answer.code) == (503, "unavailable")
    cloud.faults.clear()
    assert cloud.call("show_me", token=here.token).status == 200


def test_what_a_function_needs_is_fetched_while_it_starts(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    cloud.function("list_sessions")
    assert cloud.startup["list_sessions"] == {"kms:GetPublicKey": 1, "kms:GenerateMac": 1}
    cloud.counted()
    assert cloud.call("list_sessions", token=here.token, query={"limit": "1"}).status == 200
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1}


def test_a_setting_that_is_missing_says_its_name_in_the_log_only(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    token = signed_in(cloud, account(cloud)).token
    answer = ask(cloud, mine, {"IDENTITY_TABLE": ""}, token=token)
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "IDENTITY_TABLE" not in answer.text


# --- what the log says (S74) ------------------------------------------------------------------------------------------


def test_S74_nothing_of_what_was_sent_is_logged(cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    here = signed_in(cloud, account(cloud))
    canary = "canario-4711"
    for handler in (takes_a_thing, mine, raises(RuntimeError("x")), raises(errors.NotFound())):
        for body in ({"name": canary}, {"name": 1, canary: canary}):
            ask(
                cloud,
                handler,
                body=body,
                token=here.token + canary,
                cookies=[f"__Host-session={canary}"],
                query={"q": canary},
                path={"id": canary},
                headers={"User-Agent": canary, "X-Origin-Secret": canary, "Referer": canary},
            )
    out, err = capfd.readouterr()
    assert canary not in out + err
