"""AWS, canned, over TLS: DynamoDB and KMS in a process of their own, so that only the function's work is measured.

Rows are looked up by key; a Query answers the rows prepared for it. Writes are accepted and change nothing. Every call
is counted by name, so that the bench can say how many a request made.
"""

import base64
import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import multiprocessing
import ssl
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Data:
    """What one case's AWS holds: items by table and key, and what each Query answers, by table and partition."""

    items: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    queries: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost and its key, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(hours=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "ca.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


class Canned:
    """The canned AWS of one bench run; ``url`` and ``ca`` are what a function's environment needs."""

    def __init__(self, data: Data, token_key: ec.EllipticCurvePrivateKey) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="miinti-bench-")
        folder = Path(self._folder.name)
        self.ca, private = certificate(folder)
        pem = token_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        mine, theirs = multiprocessing.Pipe()
        self._pipe = mine
        self._process = multiprocessing.get_context("fork").Process(
            target=_serve, args=(data, pem, self.ca, private, theirs), daemon=True
        )
        self._process.start()
        self.url = f"https://localhost:{mine.recv()}"

    def counted(self) -> Counter[str]:
        """Calls since the last look."""
        self._pipe.send("count")
        counted: Counter[str] = self._pipe.recv()
        return counted

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(5)
        self._folder.cleanup()


def _curve(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(key)
    return key


def _serve(data: Data, pem: bytes, public: Path, private: Path, pipe: Any) -> None:
    key = _curve(pem)
    calls: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            calls[operation] += 1
            answer = json.dumps(_answer(operation, body, data, key)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("x-amzn-RequestId", "bench")
            self.end_headers()
            self.wfile.write(answer)

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a function that is ended hangs up in the middle, as it should

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(server.server_address[1])
    while pipe.recv() == "count":
        pipe.send(Counter(calls))
        calls.clear()


def _answer(operation: str, body: dict[str, Any], data: Data, key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    if operation == "BatchGetItem":
        found: dict[str, list[Any]] = {}
        for table, wanted in body["RequestItems"].items():
            places = ((table, k["pk"]["S"], k["sk"]["S"]) for k in wanted["Keys"])
            found[table] = [data.items[k] for k in places if k in data.items]
        return {"Responses": found, "UnprocessedKeys": {}}
    if operation == "GetItem":
        item = data.items.get((body["TableName"], body["Key"]["pk"]["S"], body["Key"]["sk"]["S"]))
        return {"Item": item} if item else {}
    if operation == "Query":
        partitions = [value["S"] for value in body["ExpressionAttributeValues"].values() if "S" in value]
        rows = next((data.queries[at] for p in partitions if (at := (body["TableName"], p)) in data.queries), [])
        taken = rows[: body.get("Limit", len(rows))]
        return {"Items": taken, "Count": len(taken), "ScannedCount": len(taken)}
    if operation == "GetPublicKey":
        der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return {"PublicKey": base64.b64encode(der).decode(), "KeyId": body["KeyId"]}
    if operation == "Sign":
        signature = key.sign(base64.b64decode(body["Message"]), ec.ECDSA(hashes.SHA256()))
        return {"Signature": base64.b64encode(signature).decode(), "KeyId": body["KeyId"]}
    if operation == "GenerateMac":
        mac = hmac.digest(b"bench", base64.b64decode(body["Message"]), hashlib.sha256)
        return {"Mac": base64.b64encode(mac).decode(), "KeyId": body["KeyId"]}
    return {"Attributes": {}}
