"""Every path and method that no other function has."""

from miinti.errors import NotFound
from miinti.http import Answer, Request, api


@api("ANY $default", "Lo que no existe", answers={}, open=True, refusals=(NotFound,))
def handler(_request: Request[None]) -> Answer:
    raise NotFound
