"""Django behind Mangum: the same list, no database of its own."""

import asyncio
from typing import Any

import boto3
import django
from boto3.dynamodb.conditions import Key
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from mangum import Mangum

table = boto3.resource("dynamodb").Table("CompaniesTable")


def documents(request: HttpRequest, company: str) -> JsonResponse:
    answer = table.query(
        IndexName="by_s1",
        KeyConditionExpression=Key("pk").eq(f"COMPANY#{company}"),
        ScanIndexForward=False,
        Limit=int(request.GET.get("limit", "25")),
    )
    return JsonResponse({"items": [{"sk": item["sk"], "l": item["l"]} for item in answer["Items"]]})


urlpatterns = [path("v1/companies/<company>/docs", documents)]
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="bench", DATABASES={}, INSTALLED_APPS=[])
django.setup()
asyncio.set_event_loop(asyncio.new_event_loop())
_mangum = Mangum(get_asgi_application(), lifespan="off")


def handler(event: dict[str, Any], context: Any) -> Any:
    return _mangum(event, context)
