"""PUT /v1/me/notifications: how the person wants to hear of companies by mail; those not named stay as they are."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from miinti import aws
from miinti.companies import access, news
from miinti.companies.news import Kind, Way
from miinti.errors import FieldError, NotFound, ValidationFailed
from miinti.http import Answer, Request, api


class Choice(BaseModel):
    """In place of the one before: a kind that is not named is told by link."""

    model_config = ConfigDict(extra="forbid", strict=True)

    news: dict[Kind, Way] = {}
    reminders: bool = False


class Notifications(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    companies: Annotated[dict[str, Choice], Field(min_length=1, max_length=news.CHOSEN)]


@api(
    "PUT /v1/me/notifications",
    "Elegir mis avisos por correo",
    body=Notifications,
    answers={204: None},
    refusals=(NotFound,),
)
def handler(request: Request[Notifications]) -> Answer:
    writes = []
    for company_id, choice in request.body.companies.items():
        if not access.ID.fullmatch(company_id):
            raise NotFound
        role = access.role_of(company_id)
        wrong = [f"news.{kind}" for kind in choice.news if kind not in news.KINDS[role]]
        wrong += ["reminders"] if choice.reminders and role != "client" else []
        if wrong:
            raise ValidationFailed(*(FieldError(f"companies.{company_id}.{name}", "not_allowed") for name in wrong))
        writes += news.chosen(request.account_id, company_id, choice.news, choice.reminders)
    aws.transact(writes)
    return Answer(204)
