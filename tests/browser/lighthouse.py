"""Lighthouse over a fresh local run, logged out and in, on a phone and on a desktop: the median of three for each page.
`make lighthouse`; `make lighthouse PAGES="/ /comprobantes"` for some. Ends with 1 where a median is below its bar.
Needs Node; what runs is pinned by its lock.

Beside the scores stand the figures that performance is made of. Times go with the machine and what else runs on it;
CLS, which is how much of the page moved while it loaded, does not.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser import pinned
from tests.browser.conftest import ARGS, CLIENT, OTHER_CLIENT, SUPPLIER, chromium_program
from tests.browser.scene import scene
from tests.journeys.conftest import Portal, free_port

ROUNDS = 3
TRIES = 3
BARS = {
    "desktop": {"performance": 100, "accessibility": 100, "best-practices": 100, "seo": 100},
    "phone": {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100},
}
OUTSIDE = ("/ingresar", "/registro", "/recuperar", "/ayuda")
INSIDE = (
    "/",
    "/comprobantes",
    f"/comprobantes/c-{OTHER_CLIENT}",
    f"/comprobantes/c-{CLIENT}/v-00205-00001622-006",
    f"/comprobantes/c-{OTHER_CLIENT}/cuenta",
    f"/comprobantes/c-{CLIENT}/pagar",
    f"/retenciones/s-{SUPPLIER}",
    f"/presupuestos/c-{CLIENT}",
    f"/ordenes/c-{CLIENT}",
    "/vincular",
    "/mis-datos",
    "/contrasena",
    "/sesiones",
    "/avisos",
    "/enlaces",
)
METRICS = {
    "FCP": ("first-contentful-paint", "{:.0f} ms"),
    "LCP": ("largest-contentful-paint", "{:.0f} ms"),
    "SI": ("speed-index", "{:.0f} ms"),
    "TBT": ("total-blocking-time", "{:.0f} ms"),
    "CLS": ("cumulative-layout-shift", "{:.3f}"),
}


def main() -> None:
    asked = sys.argv[1:]
    if unknown := set(asked) - {*OUTSIDE, *INSIDE}:
        sys.exit(f"no page of these: {', '.join(sorted(unknown))}\nthere are: {' '.join((*OUTSIDE, *INSIDE))}")
    outside, inside = (tuple(path for path in paths if not asked or path in asked) for paths in (OUTSIDE, INSIDE))
    program = pinned.program("lighthouse", "lighthouse") or sys.exit("Lighthouse needs Node and npm.")
    below: list[str] = []
    with sync_playwright() as playwright, scene() as here:
        # Lighthouse takes over a browser that is there, with the session that it has.
        port = free_port()
        context = playwright.chromium.launch_persistent_context(
            str(here.folder / "profile"),
            executable_path=chromium_program(playwright),
            args=[*ARGS, f"--remote-debugging-port={port}"],
            locale="es-AR",
        )
        below += _measured(program, here.portal, port, outside)
        page = context.new_page()
        here.log_in(page)
        page.goto("about:blank")  # one page at a time renews the session
        below += _measured(program, here.portal, port, inside)
        context.close()
    if below:
        sys.exit("\n".join(["below the bar:", *below]))


def _measured(program: Path, portal: Portal, port: int, paths: tuple[str, ...]) -> list[str]:
    below = []
    for form, bars in BARS.items():
        for path in paths:
            reports = [_report(program, portal.url + path, port, form) for _ in range(ROUNDS)]
            medians = {
                name: round(100 * statistics.median(report["categories"][name]["score"] or 0 for report in reports))
                for name in bars
            }
            line = f"{form:8} {path:45} " + "  ".join(f"{name} {score}" for name, score in medians.items())
            told = []
            for short, (audit, shape) in METRICS.items():
                figure = statistics.median(report["audits"][audit]["numericValue"] for report in reports)
                told.append(f"{short} {shape.format(figure)}")
            sys.stdout.write(f"{line}  ({', '.join(told)})\n")
            sys.stdout.flush()
            if any(medians[name] < bar for name, bar in bars.items()):
                below.append(line)
    return below


def _report(program: Path, url: str, port: int, form: str) -> dict[str, Any]:
    preset = ["--preset=desktop"] if form == "desktop" else []
    asked = [str(program), url, f"--port={port}", "--output=json", "--quiet", "--disable-storage-reset", *preset,
             f"--only-categories={','.join(BARS[form])}"]  # fmt: skip
    for _ in range(TRIES):  # a browser that a busy machine keeps waiting gives up
        ran = subprocess.run(asked, check=False, capture_output=True, text=True)
        if ran.returncode == 0:
            break
    else:
        sys.exit(f"{url}: {ran.stderr}")
    report: dict[str, Any] = json.loads(ran.stdout)
    if report.get("runtimeError"):
        sys.exit(f"{url}: {report['runtimeError']['message']}")
    return report


if __name__ == "__main__":
    main()
