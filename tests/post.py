"""The way of a mail as AWS walks it, over moto: the outbox's stream with the template's filter, the queue with its
delays and redeliveries, both functions with the template's batch sizes. Time is the test's to move."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from miinti import aws
from miinti.mail import rendering
from miinti.mail.rendering import Rendered
from tests.cloud import Cloud
from tests.template import sam


class Crash(BaseException):
    """The function's process dies here: nothing of its own code catches this."""


def read(cloud: Cloud, mail: aws.Row) -> Rendered:
    """A mail as its reader sees it, of a row that still waits in the outbox."""
    with cloud.as_function("send_mail"):
        return rendering.rendered(mail)


class Post:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.pending: list[dict[str, Any]] = []
        """Stream records not yet done, in their order."""
        self.exhausted: list[dict[str, Any]] = []
        """Stream records that were tried as often as the template allows: OnFailure has them."""
        self._seen: set[str] = set()
        self._tries: dict[str, int] = {}
        self.mapping = _mapping("OutboxToRelay")
        self.queues = {name: cloud.resolved({"Ref": name}) for name in ("MailQueue", "NewsQueue")}
        self.queue = self.queues["MailQueue"]
        self.dead_letters = cloud.resolved({"Ref": "MailDeadLetters"})

    # --- stream → relay_outbox ---

    def relay(self) -> None:
        """One pass over what is new in the outbox, and what failed before."""
        self._notice()
        batch, self.pending = self.pending, []
        for some in _batches(batch, self.mapping["BatchSize"]):
            self.pending += self._relay(some)

    def relay_nothing_old(self) -> None:
        """What is in the outbox already was relayed before."""
        self._notice()
        self.pending.clear()

    def _notice(self) -> None:
        (pattern,) = [json.loads(one["Pattern"]) for one in self.mapping["FilterCriteria"]["Filters"]]
        for row in self.cloud.rows("OutboxTable"):
            if row["pk"] not in self._seen:
                self._seen.add(row["pk"])
                record = inserted(row)
                if matches(pattern, record):
                    self.pending.append(record)

    def _relay(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The records of a batch that are to be done again: from the first that failed on, as Lambda has it."""
        try:
            answer = self.cloud.invoke("relay_outbox", {"Records": records})
        except (Exception, Crash):
            return self._again(records)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        places = [at for at, record in enumerate(records) if record["dynamodb"]["SequenceNumber"] in failed]
        return self._again(records[places[0] :]) if places else []

    def _again(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        left: list[dict[str, Any]] = []
        for record in records:
            number = record["dynamodb"]["SequenceNumber"]
            self._tries[number] = self._tries.get(number, 0) + 1
            (left if self._tries[number] <= self.mapping["MaximumRetryAttempts"] else self.exhausted).append(record)
        return left

    # --- queue → send_mail ---

    def receive(self, queue: str = "MailQueue") -> list[dict[str, Any]]:
        """SQS messages of a queue that are visible now, a batch, as records of an event."""
        answer: Any = aws.sqs().receive_message(
            QueueUrl=self.queues[queue],
            MaxNumberOfMessages=_mapping(f"{queue}ToSend")["BatchSize"],
            MessageSystemAttributeNames=["All"],
        )
        return [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
            }
            for message in answer.get("Messages", [])
        ]

    def deliver(self, queue: str = "MailQueue") -> bool:
        """One batch of a queue through ``send_mail``; whether there was any."""
        records = self.receive(queue)
        if not records:
            return False
        try:
            answer = self.cloud.invoke("send_mail", {"Records": records})
        except (Exception, Crash):
            return True
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                aws.sqs().delete_message(QueueUrl=self.queues[queue], ReceiptHandle=record["receiptHandle"])
        return True

    def run(self) -> None:
        """All that can be done at this moment: a notice to members first becomes mails, which are new rows."""
        self.relay()
        self.relay()
        for queue in self.queues:
            while self.deliver(queue):
                pass

    def run_for(self, seconds: int, shift: Callable[[int], Any], step: int = 30) -> None:
        """Let time pass, with a pass every ``step`` seconds."""
        for _ in range(0, seconds, step):
            self.run()
            shift(step)
        self.run()

    def waiting(self) -> int:
        """Messages in the queues, hidden and delayed ones too."""
        return sum(map(_depth, self.queues.values()))

    def dead(self) -> list[dict[str, Any]]:
        """Bodies of the dead letters, which stay where they are."""
        answer: Any = aws.sqs().receive_message(QueueUrl=self.dead_letters, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def inserted(row: dict[str, Any]) -> dict[str, Any]:
    """The stream's record of a row's birth."""
    return {
        "eventID": f"event-{row['pk']}",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": aws.key_of((row["pk"], row["sk"])),
            "NewImage": aws.pack(row),
            "SequenceNumber": f"number-{row['pk']}",
        },
    }


def matches(pattern: dict[str, Any], value: Any) -> bool:
    """Lambda's event filter, as far as the template uses it."""
    if not isinstance(value, dict):
        return False
    return all(
        matches(wanted, value.get(name))
        if isinstance(wanted, dict)
        else any(_allows(one, value.get(name)) for one in wanted)
        for name, wanted in pattern.items()
    )


def _allows(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, str):
        return bool(wanted == value)
    ((kind, argument),) = wanted.items()
    return bool(str(value).startswith(argument) if kind == "prefix" else value not in argument)


def _mapping(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = sam.translated()["Resources"][name]["Properties"]
    return properties


def _batches(records: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    left = iter(records)
    while some := list(islice(left, size)):
        yield some


def _depth(url: str) -> int:
    names = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    )
    answer: Any = aws.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return sum(int(answer[name]) for name in names)
