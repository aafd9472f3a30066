"""The headers of the portal's pages, read from CloudFront's policy in template.yaml: written once, the same here."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.options import ROOT

_BUCKET = re.compile(r"https://\$\{Bucket\}[^\s;]*")


@cache
def _policy() -> Mapping[str, Any]:
    template = yaml_parse((ROOT / "template.yaml").read_text())
    policy: Mapping[str, Any] = template["Resources"]["PageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    return policy


def of_pages(s3: str) -> dict[str, str]:
    """What CloudFront adds to every page; ``s3``, the local one's address, stands for the bucket's own."""
    security = _policy()["SecurityHeadersConfig"]
    transport = security["StrictTransportSecurity"]
    csp = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    return {
        "Content-Security-Policy": _BUCKET.sub(s3, csp).replace(" ;", ";"),
        "Strict-Transport-Security": f"max-age={transport['AccessControlMaxAgeSec']}"
        + ("; includeSubDomains" if transport["IncludeSubdomains"] else ""),
        **({"X-Content-Type-Options": "nosniff"} if "ContentTypeOptions" in security else {}),
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        **{item["Header"]: item["Value"] for item in _policy()["CustomHeadersConfig"]["Items"]},
    }
