"""The edge for what is not HTTP: queues and the outbox's stream, one record at a time.

A record that fails comes back alone and is tried again by AWS, as often as the queue says; its neighbours are
done (R06, R08). Nothing here knows what a record means.
"""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from miinti import aws, observe, settings

Trigger = Callable[[dict[str, Any], Any], Any]


def queue(handle: Callable[[str], None]) -> Trigger:
    """A handler of SQS messages; ``handle`` takes one message's body."""
    return _batch(EventType.SQS, lambda record: handle(record.body))


def stream(handle: Callable[[aws.Row], None]) -> Trigger:
    """A handler of a table's stream; ``handle`` takes the row as it was written."""
    return _batch(EventType.DynamoDBStreams, lambda record: handle(dict(record.dynamodb.new_image)))


def _batch(kind: EventType, handle: Callable[[Any], None]) -> Trigger:
    def each(record: Any) -> None:
        try:
            handle(record)
        except Exception:
            observe.logger.exception(settings.service(), extra={"outcome": "retried"})
            raise

    processor = BatchProcessor(event_type=kind, raise_on_entire_batch_failure=False)

    def handler(event: dict[str, Any], context: Any) -> Any:
        return process_partial_response(event=event, record_handler=each, processor=processor, context=context)

    return handler
