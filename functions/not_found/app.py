"""Every path and method that no other function has."""

from miinti import routes
from miinti.errors import NotFound
from miinti.http import Answer, MethodNotAllowed, Request, api


@api("ANY $default", "Lo que no existe", answers={}, open=True, refusals=(NotFound, MethodNotAllowed))
def handler(request: Request[None]) -> Answer:
    methods = routes.methods(request.url_path)
    # A path that has this method comes here only where the gateway reads it otherwise than its bytes say.
    if methods and request.method not in methods:
        raise MethodNotAllowed(methods)
    raise NotFound
