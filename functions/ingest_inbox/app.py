"""InboxQueue: what the ERP dropped under inbox/ goes in, files of rows and PDFs."""

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
    return delivery.take(messages, NEIGHBOURS, clock.today(), observe.event)


handler = triggers.together(take, url=settings.inbox_queue)
