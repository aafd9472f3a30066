"""GET /v1/me/notifications: what the person hears of each linked company by mail."""

from typing_extensions import TypedDict

from miinti.companies import links, news
from miinti.companies.news import Kind, Way
from miinti.http import Answer, Request, api


class Choice(TypedDict):
    """``news``: how documents of each kind are told of. ``reminders`` are of payments, which clients have."""

    news: dict[Kind, Way]
    reminders: bool


class Notifications(TypedDict):
    """By the company's id."""

    companies: dict[str, Choice]


@api("GET /v1/me/notifications", "Mis avisos por correo", answers={200: Notifications})
def handler(request: Request[None]) -> Answer:
    chosen: dict[str, Choice] = {
        link["company"]: {"news": news.ways(link), "reminders": news.reminded(link)}
        for link in links.of_account(request.account_id)
    }
    return Answer(200, {"companies": chosen})
