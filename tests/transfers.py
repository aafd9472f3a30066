"""Transfers as tests find them: told by Ana, with a proof that a browser puts where it was told to."""

import base64
import json
import struct
import zlib
from typing import Any

from miinti import aws
from miinti.aws import Row
from miinti.payments import proofs
from tests.cloud import BUCKET, Answered, Cloud
from tests.payments import COMPANY, Client


def png(*more: tuple[bytes, bytes], after: bytes = b"") -> bytes:
    """A picture of one grey point."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), *more, (b"IDAT", zlib.compress(b"\0\x80"))]
    written = b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        for kind, data in [*chunks, (b"IEND", b"")]
    )
    return b"\x89PNG\r\n\x1a\n" + written + after


def jpeg(data: bytes = b"\x12\x34\xff\x00\x56", after: bytes = b"") -> bytes:
    """The segments of a picture of one point, and something for its scan."""
    app = b"\xff\xe0" + (16).to_bytes(2) + b"JFIF\0\1\1\0\0\1\0\1\0\0"
    frame = b"\xff\xc0" + (11).to_bytes(2) + b"\x08" + (1).to_bytes(2) + (1).to_bytes(2) + b"\1\1\x11\0"
    scan = b"\xff\xda" + (8).to_bytes(2) + b"\1\1\0\0\x3f\0"
    return b"\xff\xd8" + app + frame + scan + data + b"\xff\xd9" + after


class Teller(Client):
    """Ana, who tells of transfers."""

    def tell(self, *docs: str, key: str = "t-1", company: str = COMPANY, token: str = "", **body: Any) -> Answered:
        told = {"amount": "100.00", "date": self.today, "bank": "Banco Nación", "doc_ids": list(docs or self.docs[:1])}
        return self.cloud.call(
            "tell_transfer",
            {**told, **body},
            token=token or self.token,
            path={"id": company},
            headers={"Idempotency-Key": key},
        )

    @property
    def today(self) -> str:
        from miinti import clock

        return clock.today().isoformat()

    def told(self, *docs: str, **more: Any) -> Any:
        answer = self.tell(*docs, **more)
        assert answer.status == 201, answer.text
        return answer.json

    def transfer(self, id: str) -> Row:
        (found,) = [row for row in self.cloud.rows("PaymentsTable") if row["sk"] == f"TRANSFER#{id}"]
        return found

    def listed(self, **query: str) -> Any:
        answer = self.cloud.call("list_transfers", token=self.token, path={"id": COMPANY}, query=query)
        assert answer.status == 200, answer.text
        return answer.json

    def put(self, id: str, body: bytes) -> list[str]:
        """A file comes under the transfer's key, and is looked at; what failed."""
        key = proofs.key(COMPANY, id)
        version = aws.s3().put_object(Bucket=BUCKET, Key=key, Body=body)["VersionId"]
        return checked(self.cloud, key, version)

    def proofs(self) -> list[str]:
        """Versions that there are of any proof."""
        told: Any = aws.s3().list_object_versions(Bucket=BUCKET, Prefix="proofs/")
        return [one["VersionId"] for name in ("Versions", "DeleteMarkers") for one in told.get(name, ())]


def checked(cloud: Cloud, key: str, version: str) -> list[str]:
    """``check_proof`` hears of an object as S3 tells of it; what failed."""
    told = {"Records": [{"s3": {"object": {"key": key, "versionId": version}}}]}
    return sent(cloud, told)


def sent(cloud: Cloud, message: Any) -> list[str]:
    record = {
        "messageId": "m-1",
        "receiptHandle": "r-1",
        "body": json.dumps(message),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }
    answer = cloud.invoke("check_proof", {"Records": [record]})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def policy(upload: Any) -> Any:
    """What the form of an upload lets through."""
    return json.loads(base64.b64decode(upload["fields"]["policy"]))
