"""How the portal's pages are served, by CloudFront (``deploy`` puts it on the objects) as by the local run."""


def cache_control(path: str) -> str:
    """Of a file of web/. Only what has a version in its name, or never changes, is kept; browsers ask for the rest each
    time, since a page and its modules are to be of one deployment."""
    return "public, max-age=31536000, immutable" if path.startswith(("vendor/", "fonts/")) else "no-cache"
