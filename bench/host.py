"""A small Lambda: the Runtime API over HTTP, and AWS's own runtime client (awslambdaric) in a fresh process.

CPU and memory are the operating system's own accounting of the process. A cold start is a process that answers one
request (wait4); the cost of a warm call is what the process's clock went on by after its first calls, divided by the
number of the rest: taking one process from another would leave the noise of two cold starts in it.
"""

import json
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cost:
    """One process: CPU seconds (user and system) in all and of a warm call, peak memory in MB, and its last answer."""

    cpu: float
    warm: float
    rss: float
    answer: dict[str, Any]


class LambdaFailedError(RuntimeError):
    """The function did not start or answered with an error."""


def run(
    python: Path, path: list[Path], handler: str, environment: dict[str, str], event: dict[str, Any], calls: int
) -> Cost:
    """Start the function with nothing but ``path`` to import from, give it ``calls`` requests, and end it.

    Of the first tenth of the requests no warm cost is taken.
    """
    first = calls // 10
    marks: list[float] = []
    answers: list[dict[str, Any]] = []
    failed: list[str] = []
    done = threading.Event()
    given = iter(range(calls))

    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            number = next(given, None)
            if number == first or number is None:
                marks.append(time.clock_gettime(_clock(process.pid)))
            if number is None:
                done.set()
                threading.Event().wait()  # the process is ended while it waits for work, as Lambda freezes it
                return
            body = json.dumps(event).encode()
            self.send_response(200)
            for name, value in {
                "Lambda-Runtime-Aws-Request-Id": f"request-{number}",
                "Lambda-Runtime-Deadline-Ms": "9999999999999",
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:bench",
                "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793",
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.endswith("/response"):
                answers.append(json.loads(body))
            else:
                failed.append(body.decode(errors="replace"))
                done.set()
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    process = subprocess.Popen(  # -S: no site-packages; -B: Lambda cannot write byte code
        [str(python), "-S", "-B", "-m", "awslambdaric", handler],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(str(part) for part in path),
            "PYTHONHASHSEED": "0",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "LAMBDA_TASK_ROOT": str(path[0]),
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "HOME": "/nonexistent",
            **environment,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=path[0],
    )
    errors: list[bytes] = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read() if process.stderr else b""))
    reader.start()
    ended = done.wait(timeout=120)
    rss = peak_rss(str(process.pid))
    process.send_signal(signal.SIGKILL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    reader.join()
    server.shutdown()
    server.server_close()
    if failed or not ended or len(answers) < calls:
        raise LambdaFailedError(failed[0] if failed else errors[0].decode(errors="replace")[-2000:])
    return Cost(usage.ru_utime + usage.ru_stime, (marks[-1] - marks[0]) / (calls - first), rss, answers[-1])


def _clock(process: int) -> int:
    """The clock of another process's CPU time, as Linux numbers it (``clock_getcpuclockid(3)``)."""
    return (~process << 3) | 2


def peak_rss(process: str = "self") -> float:
    """MB that a process has had at most. ``getrusage`` begins with what its parent had when it was made."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
