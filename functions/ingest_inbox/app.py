"""InboxQueue: what the ERP dropped under inbox/ goes in, files of rows and PDFs. PartsQueue: large files, in parts."""

from collections.abc import Sequence

from miinti import clock, observe, settings, triggers
from miinti.companies import access
from miinti.documents import kinds, rows
from miinti.erp import delivery
from miinti.erp.shelves import Neighbours

NEIGHBOURS = Neighbours(
    types=kinds.VOUCHER_TYPES,
    company_id=access.company_id,
    company_key=access.company_key,
    document_ids={
        "documents": rows.voucher_id,
        "withholdings": rows.withholding_id,
        "quotes": rows.quote_id,
        "work_orders": rows.work_order_id,
    },
    voucher_id=rows.id_of_voucher_key,
    document_key=rows.key,
    document_row=rows.row,
)


def take(messages: Sequence[str]) -> list[Exception | None]:
    return delivery.take(messages, NEIGHBOURS, clock.now(), clock.today(), observe.event)


def take_part(message: str) -> None:
    delivery.take_part(message, NEIGHBOURS, clock.today(), clock.now(), observe.event)


handler = triggers.by_queue(
    {
        settings.inbox_queue: triggers.together(take, url=settings.inbox_queue),
        settings.parts_queue: triggers.queue(take_part, url=settings.parts_queue),
    }
)
