"""Trace store: keeps spans and logs, finds traces, and draws who calls whom."""

import os
import time

from store import Store
from symphainy import log
from symphainy.metrics import Gauge
from symphainy.service import Refusal, Service, serve

folder = os.environ["DATA_DIR"]
os.makedirs(folder, exist_ok=True)
store = Store(os.path.join(folder, "traces.db"), float(os.environ.get("KEEP_HOURS", "24")))
app = Service("traces", check=store.counts, is_traced=False)
log.service = "traces"
spans = Gauge("symphainy_traces_spans", "Spans in the store", lambda: store.counts()["spans"])

app.route("GET", "/health")(app.health)
app.route("GET", "/metrics")(app.metrics)


@app.route("POST", "/ingest")
def ingest(asked):
    records = asked.body.get("records")
    if not isinstance(records, list):
        raise Refusal(400, 'Send {"records": []}')
    store.add(records)
    return {"kept": len(records)}


@app.route("GET", "/traces/services")
def services(_asked):
    return {"services": store.services()}


@app.route("GET", "/traces/search")
def search(asked):
    """By service, operation, least milliseconds, error=true, tags `key:value`, and the last seconds."""
    query = asked.query
    try:
        return {
            "traces": store.search(
                service=query.get("service"),
                operation=query.get("operation"),
                least_ms=float(query.get("min_ms", 0)),
                is_error=query.get("error") == "true",
                tags=[tag.split(":", 1) for tag in query.get("tag", []) if ":" in tag],
                since=time.time() - float(query.get("seconds", 3600)),
                limit=min(int(query.get("limit", 20)), 200),
            )
        }
    except ValueError as error:
        raise Refusal(400, str(error)) from None


@app.route("GET", "/traces/graph")
def graph(asked):
    return store.graph(time.time() - float(asked.query.get("seconds", 3600)))


@app.route("GET", "/traces/<id>")
def one(asked):
    found = store.trace(asked.params[0])
    if not found["spans"]:
        raise Refusal(404, f"There is no trace {asked.params[0]}")
    return found


app.every(60, store.forget)
serve(app, host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ["PORT"]))
