"""The edge for what is not HTTP: queues and the outbox's stream, one record at a time.

A record that fails comes back alone and is tried again by AWS, as often as the queue says; its neighbours are
done (R06, R08). Nothing here knows what a record means.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from miinti import aws, observe, settings
from miinti.errors import Unavailable

Trigger = Callable[[dict[str, Any], Any], Any]

FIRST_WAIT, LONGEST_WAIT = 5, 900
"""Seconds before a message's second try, doubled at each further one, and their bound."""


class Later(Exception):
    """Not now: the message is to come back in ``seconds``. That is no failure, and is logged as none."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Last(NamedTuple):
    """What is done about a message that did not come to its end at its last try, the ``tries``-th: ``over`` takes its
    body and what was raised."""

    tries: int
    over: Callable[[str, Exception], None]


def queue(handle: Callable[[str], None], url: Callable[[], str] | None = None, last: Last | None = None) -> Trigger:
    """A handler of SQS messages; ``handle`` takes one message's body.

    With the queue's ``url``, a message that failed comes back after ``FIRST_WAIT`` and then ever later, and one for
    which ``handle`` raised ``Later`` when it said. Without, after the queue's visibility timeout. ``last``, where it is
    given, hears of a message that the queue gives to its dead letters.
    """

    def each(record: Any) -> None:
        try:
            handle(record.body)
        except Exception as failed:
            count = int(record.attributes.approximate_receive_count)
            if isinstance(failed, Later):
                observe.event(settings.service(), "later", message_id=record.message_id, seconds=failed.seconds)
            else:
                observe.logger.exception(
                    settings.service(), extra={"outcome": "retried", "message_id": record.message_id, "receives": count}
                )
            if url:
                _hide(url(), record.receipt_handle, failed.seconds if isinstance(failed, Later) else _wait(count))
            if last and count >= last.tries:
                _told(last, record.body, failed)
            raise

    return _batch(EventType.SQS, each)


def _told(last: Last, body: str, failed: Exception) -> None:
    try:
        last.over(body, failed)
    except Exception:
        # The message is safe: it is among the dead letters.
        observe.logger.exception(settings.service(), extra={"outcome": "not_told"})


def _wait(receives: int) -> int:
    return min(LONGEST_WAIT, FIRST_WAIT << min(receives - 1, 10))


def _hide(url: str, receipt: str, seconds: int) -> None:
    try:
        aws.ask(
            aws.sqs().change_message_visibility, QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=max(0, seconds)
        )
    except Exception:
        # The message is safe: it comes back after the queue's own visibility timeout.
        observe.logger.exception(settings.service(), extra={"outcome": "not_hidden"})


def together(handle: Callable[[list[str]], Sequence[BaseException | None]], url: Callable[[], str]) -> Trigger:
    """A handler of SQS messages that are better done together; ``handle`` takes their bodies and answers for each what
    it failed of, or None. What failed comes back as with ``queue``, whose ``url`` this is."""

    def handler(event: dict[str, Any], _: Any) -> Any:
        records = event["Records"]
        failed = []
        for record, failure in zip(records, handle([record["body"] for record in records]), strict=True):
            if failure is None:
                continue
            count = int(record["attributes"]["ApproximateReceiveCount"])
            about = {"outcome": "retried", "message_id": record["messageId"], "receives": count}
            observe.logger.error(settings.service(), exc_info=failure, extra=about)
            _hide(url(), record["receiptHandle"], _wait(count))
            failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    return handler


def by_queue(handlers: Mapping[Callable[[], str], Trigger]) -> Trigger:
    """A handler of several queues, each with a handler of its own; they are told apart by the queue's name, with which
    its URL and its ARN end."""

    def handler(event: dict[str, Any], context: Any) -> Any:
        queue = event["Records"][0]["eventSourceARN"].rpartition(":")[2]
        mine = next(handle for url, handle in handlers.items() if url().rpartition("/")[2] == queue)
        return mine(event, context)

    return handler


def stream(handle: Callable[[aws.Row], None]) -> Trigger:
    """A handler of a table's stream; ``handle`` takes the row as it was written.

    While a dependency is down the whole batch fails, rather than its records one by one: that is nobody's poison.
    """
    down: list[Unavailable] = []

    def each(record: Any) -> None:
        try:
            handle(dict(record.dynamodb.new_image))
        except Exception as failed:
            observe.logger.exception(settings.service(), extra={"outcome": "retried", "record": record.event_id})
            if isinstance(failed, Unavailable):
                down.append(failed)
            raise

    answer = _batch(EventType.DynamoDBStreams, each)

    def handler(event: dict[str, Any], context: Any) -> Any:
        down.clear()
        failures = answer(event, context)
        if down:
            raise down[0]
        return failures

    return handler


def _batch(kind: EventType, each: Callable[[Any], None]) -> Trigger:
    processor = BatchProcessor(event_type=kind, raise_on_entire_batch_failure=False)

    def handler(event: dict[str, Any], context: Any) -> Any:
        return process_partial_response(event=event, record_handler=each, processor=processor, context=context)

    return handler
