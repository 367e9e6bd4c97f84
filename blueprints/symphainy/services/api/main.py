"""API: the way in. Takes datasets and tasks, tells what became of them, and hears alerts."""

import os
import re
from collections import deque
from urllib.parse import quote

from symphainy.client import NoAnswer, request_json
from symphainy.directory import Directory
from symphainy.metrics import Counter, Gauge
from symphainy.queues import new_task, open_queue
from symphainy.service import Answer, Refusal, Service, serve
from symphainy.tracing import send_to, traceparent

ALERTS_MAX = 100
QUEUE_MAX = 10_000

host = os.environ.get("HOST", "127.0.0.1")
port = int(os.environ["PORT"])
queue = open_queue(
    os.environ.get("QUEUE_ENGINE", "redis"), os.environ["REDIS_URL"], os.environ.get("QUEUE_FILE", "")
)
app = Service("api", check=queue.check)
send_to(os.environ.get("COLLECTOR_URL", ""), "api", app)
directory = Directory(os.environ["DISCOVERY_URL"])
directory.join(app, host, port)

taken = Counter("symphainy_tasks_taken_total", "Tasks that were asked for")
length = Gauge("symphainy_queue_length", "Tasks that wait", queue.length)
alerts = deque(maxlen=ALERTS_MAX)


def enqueue(kind, arguments):
    if queue.length() >= QUEUE_MAX:
        raise Refusal(503, f"{QUEUE_MAX} tasks wait already")
    task = new_task(kind, arguments, traceparent())
    queue.put(task)
    taken.inc(kind=kind)
    return Answer({"task": task["id"], "state": "queued"}, 202)


def from_metadata(path):
    try:
        status, body = request_json(directory.find("metadata") + path)
    except NoAnswer as error:
        raise Refusal(503, str(error)) from None
    return Answer(body, status)


app.route("GET", "/health")(app.health)
app.route("GET", "/metrics")(app.metrics)


@app.route("PUT", "/api/datasets/<name>")
def put_dataset(asked):
    name = asked.params[0]
    if not re.fullmatch(r"[\w-]{1,60}", name) or not asked.text.strip():
        raise Refusal(400, "Send CSV with a header line to a name of letters, digits, - and _")
    return enqueue("profile", {"dataset": name, "csv": asked.text})


@app.route("GET", "/api/datasets")
def datasets(_asked):
    return from_metadata("/nodes?kind=dataset")


@app.route("GET", "/api/datasets/<name>/lineage")
def lineage(asked):
    direction = quote(asked.query.get("direction", "out"), safe="")
    return from_metadata(f"/lineage/{quote(asked.params[0], safe='')}?direction={direction}")


@app.route("POST", "/api/tasks")
def post_task(asked):
    kind, arguments = asked.body.get("kind"), asked.body.get("arguments", {})
    if not isinstance(kind, str) or not isinstance(arguments, dict):
        raise Refusal(400, 'Send {"kind": "words", "arguments": {"text": "…"}}')
    return enqueue(kind, arguments)


@app.route("GET", "/api/tasks/<id>")
def get_task(asked):
    task = queue.get(asked.params[0])
    if task is None:
        raise Refusal(404, f"There is no task {asked.params[0]}")
    shown = ("id", "kind", "state", "attempts", "by", "result", "error")
    return {"state": "queued"} | {key: task[key] for key in shown if key in task}


@app.route("POST", "/alerts")
def take_alerts(asked):
    """What Alertmanager sends to a webhook."""
    for one in asked.body.get("alerts", [])[:ALERTS_MAX]:
        labels, notes = one.get("labels", {}), one.get("annotations", {})
        alerts.appendleft({"status": one.get("status"), "labels": labels, "summary": notes.get("summary")})
    return {"kept": len(alerts)}


@app.route("GET", "/api/alerts")
def list_alerts(_asked):
    return {"alerts": list(alerts)}


serve(app, host=host, port=port)
