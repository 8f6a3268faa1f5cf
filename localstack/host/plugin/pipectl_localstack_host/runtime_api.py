"""The Lambda Runtime API for one function process, on a loopback port of its own.

One server serves one process and ends with it: a request of a process that is gone can never take the
invocation meant for its successor.
"""

import json
import queue
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import shapes

PREFIX = "/2018-06-01/runtime/"
RESPONSE_LIMIT = 6 * 1024 * 1024 + 100


@dataclass
class Invocation:
    """One event on its way through the process."""

    request_id: str
    function_arn: str
    trace_id: str
    payload: bytes
    timeout_seconds: float
    answered: threading.Event = field(default_factory=threading.Event)
    answer: bytes = b""
    is_error: bool = False

    def settle(self, answer: bytes, is_error: bool) -> None:
        """The first answer counts: a process that ends after it answered has answered."""
        if not self.answered.is_set():
            self.answer, self.is_error = answer, is_error
            self.answered.set()


class RuntimeApi:
    """What the process asked for and answered, for the executor to wait on."""

    def __init__(self):
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._current: Invocation | None = None
        self.closed = False
        # Set when the process first asks for work, reports that it cannot start, or ends.
        self.started = threading.Event()
        self.init_error: bytes | None = None
        # Set whenever the process waits for its next event.
        self.idle = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def offer(self, invocation: Invocation) -> None:
        self.idle.clear()
        self._current = invocation
        self._waiting.put(invocation)

    def next(self) -> Invocation | None:
        self.idle.set()
        self.started.set()
        invocation = None if self.closed else self._waiting.get()
        self.idle.clear()
        return invocation

    def fail_init(self, payload: bytes) -> None:
        self.init_error = payload
        self.started.set()

    def answer(self, request_id: str, body: bytes, is_error: bool) -> bool:
        invocation = self._current
        if invocation is None or invocation.request_id != request_id or invocation.answered.is_set():
            return False
        if not is_error and len(body) > RESPONSE_LIMIT:
            body, is_error = shapes.too_large(len(body), RESPONSE_LIMIT), True
        invocation.settle(body, is_error)
        return True

    def process_ended(self, code: int | None) -> None:
        """Whatever waits for this process learns that it is gone."""
        self.closed = True
        invocation = self._current
        if invocation is not None:
            invocation.settle(shapes.exited(invocation.request_id, code), True)
        self._waiting.put(None)
        self.idle.set()
        self.started.set()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def handler_for(api: RuntimeApi):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self):
            if self.path != PREFIX + "invocation/next":
                return self._reply(404)
            invocation = api.next()
            if invocation is None:
                self.close_connection = True
                return self._reply(410)
            deadline = int((time.time() + invocation.timeout_seconds) * 1000)
            self._reply(
                200,
                invocation.payload,
                {
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                    "Lambda-Runtime-Deadline-Ms": str(deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                    "Lambda-Runtime-Trace-Id": invocation.trace_id,
                },
            )

        def do_POST(self):
            body = self._body()
            if self.path == PREFIX + "init/error":
                api.fail_init(body)
                return self._status(202, "OK")
            parts = self.path.removeprefix(PREFIX).split("/")
            if len(parts) == 3 and parts[0] == "invocation" and parts[2] in ("response", "error"):
                if api.answer(parts[1], body, is_error=parts[2] == "error"):
                    return self._status(202, "OK")
                return self._reply(403, b'{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}')
            self._reply(404)

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(chunks)

        def _status(self, code, status):
            self._reply(code, json.dumps({"status": status}).encode(), {"Content-Type": "application/json"})

        def _reply(self, code, body=b"", headers=None):
            self.send_response(code)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_args):
            pass

    return Handler
