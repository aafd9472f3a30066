"""How the portal's pages are served, by CloudFront (``deploy`` puts it on the objects) as by the local run."""

import re
from typing import Final

_FILE: Final = re.compile(r"((js|vendor|fonts|\.well-known)/.*)?[^/]+\.[^/]+")


def is_file(path: str) -> bool:
    """Whether a path, without its first slash, is of a file of web/; all else is a page, ``index.html``. A page's last
    part may have dots: ids of documents do. The template's ``PagePaths`` goes by the same."""
    return _FILE.fullmatch(path) is not None


def cache_control(path: str) -> str:
    """Of a file of web/. Only what has a version in its name, or never changes, is kept; browsers ask for the rest each
    time, since a page and its modules are to be of one deployment."""
    return "public, max-age=31536000, immutable" if path.startswith(("vendor/", "fonts/")) else "no-cache"
