"""Staff looks at what became of a file of the ERP, and has it taken in once more."""

from typing import Any

from miinti import aws
from miinti.erp import drops, reports
from miinti.staff import Declined, Order, desk


def report(order: Order) -> dict[str, Any]:
    """What the report says, its refused rows by reason and the first of them whole; how far it is while it runs."""
    aws.write(order.act(target=order["file"]))
    told = reports.read(order["file"])
    if told is None:
        raise Declined("report_unknown")
    return told


def rerun(order: Order) -> dict[str, Any]:
    """The object in the inbox is copied onto itself, which S3 tells of as of any drop; what it says stays as old as it
    is. Noted first: a copy and a row have no transaction in common, and what is noted and was not done is done by
    asking again."""
    file = order["file"]
    there = drops.there(file)
    if there is None:
        raise Declined("file_gone")
    aws.write(order.act(target=file))
    drops.again(file, there)
    return {"file": file}


handler = desk(report=report, rerun=rerun)
