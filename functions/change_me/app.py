"""PATCH /v1/me: another first name, last name, or both."""

from pydantic import BaseModel, ConfigDict

from miinti import aws
from miinti.accounts import store
from miinti.accounts.names import Name
from miinti.errors import FieldError, ValidationFailed
from miinti.http import Answer, Request, api


class Changes(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"minProperties": 1})

    first_name: Name = ""
    last_name: Name = ""


@api("PATCH /v1/me", "Cambiar mi nombre o mi apellido", body=Changes, answers={200: store.Me})
def handler(request: Request[Changes]) -> Answer:
    new = request.body.model_dump(exclude_unset=True)
    if not new:
        raise ValidationFailed(FieldError("first_name", "missing"), FieldError("last_name", "missing"))
    return Answer(200, store.me(aws.write(store.renamed(request.account_id, new))))
