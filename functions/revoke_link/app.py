"""DELETE /v1/me/links/{id}: a link to a document that a mail brought opens it no more."""

from miinti import aws
from miinti.aws import Key
from miinti.documents import mailed
from miinti.errors import NotFound
from miinti.http import Answer, Request, api


def wanted(request: Request[None]) -> list[tuple[str, Key]]:
    link_id = request.path.get("id", "")
    return [mailed.wanted(request.account_id, link_id)] if mailed.ID.fullmatch(link_id) else []


@api(
    "DELETE /v1/me/links/{id}",
    "Anular uno de mis enlaces a documentos",
    answers={204: None},
    refusals=(NotFound,),
    reads=wanted,
    ids={"id": mailed.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    if not request.rows or request.rows[0] is None:
        raise NotFound
    aws.write(mailed.revoked(request.account_id, request.path["id"]))
    return Answer(204)
