"""OpenTelemetry collector: takes spans and logs as OTLP/HTTP in JSON, counts spans by service and
operation, and hands everything on to the trace store in batches.
"""

import os
import threading

from symphainy import log
from symphainy.client import NoAnswer, request_json
from symphainy.metrics import Counter, Gauge, Histogram
from symphainy.service import Refusal, Service, serve

WAITING_MAX = 20_000
BATCH_MAX = 500

app = Service("otel-collector", is_traced=False)
log.service = "otel-collector"
store = os.environ["TRACES_URL"].rstrip("/")

waiting, lock = [], threading.Lock()
received = Counter("symphainy_otel_received_total", "Spans and logs that came in")
dropped = Counter("symphainy_otel_dropped_total", "Spans and logs that nobody took")
depth = Gauge("symphainy_otel_waiting", "Spans and logs on their way", lambda: len(waiting))
calls = Counter("symphainy_span_calls_total", "Spans, by service, operation and result")
duration = Histogram("symphainy_span_duration_seconds", "Duration of spans, by service and operation")


def value_of(value):
    kind, text = next(iter(value.items()), ("stringValue", ""))
    return int(text) if kind == "intValue" else text


def flat(attributes):
    return {one["key"]: value_of(one["value"]) for one in attributes or []}


def records(body, outer, scope, inner):
    """Each record with the name of its service, out of OTLP's nesting."""
    if not isinstance(body.get(outer), list):
        raise Refusal(400, f"Send OTLP in JSON with {outer}")
    for resource in body[outer]:
        service = flat(resource.get("resource", {}).get("attributes")).get("service.name", "unknown")
        for scoped in resource.get(scope, []):
            for record in scoped.get(inner, []):
                yield service, record


def read(asked, take):
    try:
        return take(asked.body)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Refusal(400, f"This is no OTLP in JSON: {error!r}") from None


def keep(found):
    with lock:
        waiting.extend(found)
        too_many = max(len(waiting) - WAITING_MAX, 0)
        del waiting[:too_many]
    received.inc(len(found))
    dropped.inc(too_many)
    return {"partialSuccess": {}}


@app.route("POST", "/v1/traces")
def take_spans(asked):
    return keep(read(asked, spans_of))


@app.route("POST", "/v1/logs")
def take_logs(asked):
    return keep(read(asked, logs_of))


def spans_of(body):
    found = []
    for service, one in records(body, "resourceSpans", "scopeSpans", "spans"):
        started, ended = int(one["startTimeUnixNano"]), int(one["endTimeUnixNano"])
        is_error = one.get("status", {}).get("code") == 2
        calls.inc(service=service, operation=one["name"], result="error" if is_error else "ok")
        duration.observe((ended - started) / 1e9, service=service, operation=one["name"])
        found.append({
            "type": "span", "service": service, "trace": one["traceId"], "span": one["spanId"],
            "parent": one.get("parentSpanId", ""), "name": one["name"], "kind": one.get("kind", 1),
            "started": started, "ended": ended, "attributes": flat(one.get("attributes")),
            "error": one.get("status", {}).get("message", "failed") if is_error else None,
        })
    return found


def logs_of(body):
    return [
        {
            "type": "log", "service": service, "trace": one.get("traceId", ""),
            "at": int(one["timeUnixNano"]), "level": one.get("severityText", "INFO"),
            "message": value_of(one.get("body", {})), "attributes": flat(one.get("attributes")),
        }
        for service, one in records(body, "resourceLogs", "scopeLogs", "logRecords")
    ]


def hand_on():
    while waiting:
        with lock:
            batch = waiting[:BATCH_MAX]
        try:
            status, _ = request_json(f"{store}/ingest", "POST", {"records": batch})
        except NoAnswer as error:
            log.warn("trace store not reached", reason=str(error))
            return
        if status >= 500:
            return
        if status >= 300:
            dropped.inc(len(batch))
        with lock:
            # The front may have been dropped meanwhile.
            sent = {id(one) for one in batch}
            waiting[:] = [one for one in waiting if id(one) not in sent]


app.route("GET", "/health")(app.health)
app.route("GET", "/metrics")(app.metrics)
app.every(0.5, hand_on)
app.stops.append(hand_on)
serve(app, host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ["PORT"]))
