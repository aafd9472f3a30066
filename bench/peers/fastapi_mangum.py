"""FastAPI behind Mangum: the same list."""

import boto3
from boto3.dynamodb.conditions import Key
from fastapi import FastAPI, Query
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()
table = boto3.resource("dynamodb").Table("CompaniesTable")


class Document(BaseModel):
    sk: str
    l: str  # noqa: E741  # the sample row's own name


class Page(BaseModel):
    items: list[Document]


@app.get("/v1/companies/{company}/docs")
def documents(company: str, limit: int = Query(25, ge=1, le=100)) -> Page:
    answer = table.query(
        IndexName="by_s1",
        KeyConditionExpression=Key("pk").eq(f"COMPANY#{company}"),
        ScanIndexForward=False,
        Limit=limit,
    )
    return Page(items=[Document.model_validate(item) for item in answer["Items"]])


handler = Mangum(app, lifespan="off")
