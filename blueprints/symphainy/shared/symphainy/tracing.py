"""Spans, handed on by `traceparent`, sent to a collector as OTLP/HTTP in JSON.

https://opentelemetry.io/docs/specs/otlp/ and https://www.w3.org/TR/trace-context/
"""

import contextlib
import contextvars
import json
import re
import secrets
import threading
import time
import urllib.request

from symphainy import log

KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
# What waits while the collector is away; the oldest is dropped.
WAITING_MAX = 2000
SEND_SECONDS = 1.0

current = contextvars.ContextVar("span", default=None)
waiting = {"spans": [], "logs": []}
lock = threading.Lock()


class Span:
    def __init__(self, name, kind, trace_id, parent_id):
        self.name, self.kind = name, KINDS[kind]
        self.trace_id, self.parent_id = trace_id, parent_id
        self.span_id = secrets.token_hex(8)
        self.attributes, self.error = {}, None
        self.started = time.time_ns()

    @property
    def traceparent(self):
        return f"00-{self.trace_id}-{self.span_id}-01"


@contextlib.contextmanager
def span(name, kind="internal", traceparent=None):
    """Measures what is done within; a child of `traceparent`, else of the span around it."""
    around = current.get()
    match = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", traceparent or "")
    if match:
        own = Span(name, kind, match[1], match[2])
    elif around is not None:
        own = Span(name, kind, around.trace_id, around.span_id)
    else:
        own = Span(name, kind, secrets.token_hex(16), "")
    token = current.set(own)
    try:
        yield own
    except Exception as error:
        own.error = str(error)
        raise
    finally:
        current.reset(token)
        keep("spans", otlp_span(own))


def traceparent():
    """Of the span we are in, to be handed on; None outside of any."""
    around = current.get()
    return None if around is None else around.traceparent


def keep(what, record):
    with lock:
        waiting[what].append(record)
        del waiting[what][:-WAITING_MAX]


def attribute(key, value):
    kind = "intValue" if isinstance(value, int) else "stringValue"
    return {"key": key, "value": {kind: str(value)}}


def otlp_span(own):
    return {
        "traceId": own.trace_id,
        "spanId": own.span_id,
        "parentSpanId": own.parent_id,
        "name": own.name,
        "kind": own.kind,
        "startTimeUnixNano": str(own.started),
        "endTimeUnixNano": str(time.time_ns()),
        "attributes": [attribute(key, value) for key, value in own.attributes.items()],
        "status": {"code": 1} if own.error is None else {"code": 2, "message": own.error},
    }


def otlp_log(at, level, message, fields):
    around = current.get()
    if level == "info" and around is None:
        return
    record = {
        "timeUnixNano": str(int(at * 1e9)),
        "severityText": level.upper(),
        "body": {"stringValue": message},
        "attributes": [attribute(key, value) for key, value in fields.items()],
    }
    if around is not None:
        record |= {"traceId": around.trace_id, "spanId": around.span_id}
    keep("logs", record)


def send_to(endpoint, service, app):
    """Sends spans and logs to `endpoint` once a second, for as long as `app` runs, and at its end."""
    log.service = service
    log.listeners.append(otlp_log)
    resource = {"attributes": [attribute("service.name", service)]}
    if not endpoint:
        return

    def post(path, body):
        data = json.dumps(body).encode()
        request = urllib.request.Request(
            endpoint.rstrip("/") + path, data, {"content-type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=2).close()

    def send(what, path, shape):
        with lock:
            batch, waiting[what] = waiting[what], []
        if not batch:
            return
        try:
            post(path, shape(batch))
        except OSError:
            with lock:
                waiting[what] = (batch + waiting[what])[-WAITING_MAX:]

    def scoped(records):
        return [{"scope": {"name": "symphainy"}, **records}]

    def send_all():
        send("spans", "/v1/traces", lambda batch: {"resourceSpans": [
            {"resource": resource, "scopeSpans": scoped({"spans": batch})}]})
        send("logs", "/v1/logs", lambda batch: {"resourceLogs": [
            {"resource": resource, "scopeLogs": scoped({"logRecords": batch})}]})

    app.every(SEND_SECONDS, send_all)
    app.stops.append(send_all)
