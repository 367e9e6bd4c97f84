"""An HTTP service: routes with JSON, health, metrics, logs, spans, and a clean end on SIGTERM."""

import contextlib
import json
import re
import signal
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from symphainy import log
from symphainy.metrics import Histogram, expose
from symphainy.tracing import span

# Connections at one time; who comes then waits.
CONNECTIONS_MAX = 200
BODY_LIMIT_BYTES = 4 * 1024 * 1024

answered = Histogram("http_request_duration_seconds", "Time until an answer, by route and status")


class Refusal(Exception):
    """An answer other than 200, raised by a route."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


@dataclass
class Asked:
    """What a route is given; `body` is the parsed JSON of a request that has some, else {}."""

    params: list
    query: dict
    body: object
    text: str
    headers: object


@dataclass
class Answer:
    """An answer with a status, a type or headers of its own."""

    body: object
    status: int = 200
    kind: str = "application/json; charset=utf-8"
    headers: dict = None


class Service:
    """`@app.route("GET", "/things/<id>")` adds a route; `check` raises when the service is unwell.

    What carries traces itself is not traced: `is_traced=False`.
    """

    def __init__(self, name, check=lambda: None, is_traced=True):
        self.name, self.is_traced = name, is_traced
        self.check = check
        self.routes = []
        self.stops = []
        self.stopping = threading.Event()
        # Connections that are open and have no request under way.
        self.idle = set()

    def route(self, method, path):
        pattern = re.compile("^" + re.sub(r"<\w+>", "([^/]+)", path) + "$")

        def add(handler):
            self.routes.append((method, path, pattern, handler))
            return handler

        return add

    def health(self, _asked=None):
        """The answer to a health check."""
        try:
            told = self.check() or {}
            return {"status": "healthy", **told}
        except Exception as error:  # noqa: BLE001 - whatever is wrong is the reason
            return Answer({"status": "unhealthy", "reason": str(error)}, 503)

    def metrics(self, _asked=None):
        """All metrics of this process, for Prometheus."""
        return Answer(expose(), kind="text/plain; version=0.0.4; charset=utf-8")

    def every(self, seconds, work):
        """Does work in a thread of its own until the service ends; a failure is told and tried again."""

        def loop():
            wait = 0
            while not self.stopping.wait(wait):
                wait = seconds
                try:
                    work()
                except Exception as error:  # noqa: BLE001 - the next round may succeed
                    log.warn("work failed", work=work.__name__, reason=str(error))

        threading.Thread(target=loop, daemon=True).start()

    def find(self, method, path):
        fitting = [one for one in self.routes if one[2].match(path)]
        for one in fitting:
            if one[0] == method:
                return one
        if fitting:
            raise Refusal(405, f"{method} is not possible at {path}")
        raise Refusal(404, f"There is nothing at {path}")


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
    slots = threading.BoundedSemaphore(CONNECTIONS_MAX)

    def process_request(self, request, client_address):
        self.slots.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.slots.release()


def serve(app, host, port):
    """Answers requests until SIGTERM or SIGINT, then ends after those that are under way."""
    server = Server((host, port), handler_of(app))

    def stop(number, _frame):
        log.info("stopping", signal=signal.Signals(number).name)
        app.stopping.set()
        for connection in list(app.idle):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        # From another thread: it waits for the loop that this signal has interrupted.
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    log.info("listening", host=host, port=port)
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    for end in app.stops:
        end()
    log.info("stopped")


def handler_of(app):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A silent connection is let go, so that a stop does not wait for it.
        timeout = 5
        # Head and body leave at once, not after the other side's delayed acknowledgement.
        wbufsize = 64 * 1024
        disable_nagle_algorithm = True

        def handle_one_request(self):
            app.idle.add(self.connection)
            try:
                super().handle_one_request()
            finally:
                app.idle.discard(self.connection)

        def handle_one(self):
            app.idle.discard(self.connection)
            started = time.perf_counter()
            parts = urlsplit(self.path)
            route = "none"
            try:
                method, route, pattern, handler = app.find(self.command, parts.path)
                asked = self.read(pattern.match(parts.path), parts.query)
                if route in ("/health", "/metrics") or not app.is_traced:
                    answer = handler(asked)
                else:
                    with span(f"{method} {route}", "server", self.headers.get("traceparent")) as own:
                        answer = handler(asked)
                        own.attributes["http.response.status_code"] = getattr(answer, "status", 200)
            except Refusal as refusal:
                answer = Answer({"error": str(refusal)}, refusal.status)
            except Exception as error:  # noqa: BLE001 - the caller is told, the service goes on
                log.error("request failed", path=parts.path, reason=repr(error))
                answer = Answer({"error": str(error)}, 500)
            self.send(answer if isinstance(answer, Answer) else Answer(answer))
            status = getattr(answer, "status", 200)
            answered.observe(time.perf_counter() - started, route=route, status=status)

        do_GET = do_POST = do_PUT = do_DELETE = handle_one

        def read(self, match, query):
            length = int(self.headers.get("content-length") or 0)
            if length > BODY_LIMIT_BYTES:
                self.close_connection = True
                raise Refusal(413, f"More than {BODY_LIMIT_BYTES} bytes")
            text = self.rfile.read(length).decode("utf-8", "replace")
            body = {}
            if text and "json" in (self.headers.get("content-type") or ""):
                try:
                    body = json.loads(text)
                except ValueError:
                    raise Refusal(400, "The body is not JSON") from None
                if not isinstance(body, dict):
                    raise Refusal(400, "The body is no JSON object")
            params = [unquote(one) for one in match.groups()]
            return Asked(params, one_each(parse_qs(query, True)), body, text, self.headers)

        def send(self, answer):
            is_text = isinstance(answer.body, str)
            content = (answer.body if is_text else json.dumps(answer.body)).encode()
            self.send_response(answer.status)
            self.send_header("content-type", answer.kind)
            self.send_header("content-length", str(len(content)))
            for name, value in (answer.headers or {}).items():
                self.send_header(name, value)
            if app.stopping.is_set():
                self.send_header("connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """The metrics count requests; a line for each would be noise."""

    return Handler


def one_each(query):
    """Of a parameter that is given twice the last counts; `tag` may be there several times."""
    return {name: values if name == "tag" else values[-1] for name, values in query.items()}
