"""Log of the functions → audit trail: each line that concerns security becomes a row, once.

Requests pay nothing for it and wait for nothing; a line that comes again finds its row there.
"""

import base64
import gzip
import json
from contextlib import suppress
from typing import Any

from miinti import audit, aws, observe


def handler(event: dict[str, Any], _: Any) -> None:
    sent = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    # CloudWatch asks now and then whether anybody is there, with a message that is no line of ours.
    for entry in sent["logEvents"] if sent["messageType"] == "DATA_MESSAGE" else []:
        try:
            line = json.loads(entry["message"])
            if line.get("trail") is not True:
                continue
            row = audit.event(str(entry["id"]), int(entry["timestamp"]), line)
        except (ValueError, KeyError, AttributeError):
            # What the filter lets through and is no line of ours shall not keep its neighbours out.
            observe.event("keep_events", "no_line")
            continue
        with suppress(aws.ConditionFailed):
            aws.patiently(aws.write, row)
