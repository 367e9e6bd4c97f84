"""Beat: puts tasks into the queue when they are due, once however many beats there are."""

import json
import os
import time

from symphainy import log
from symphainy.directory import Directory
from symphainy.metrics import Counter
from symphainy.queues import new_task, open_queue
from symphainy.service import Service, serve
from symphainy.tracing import send_to, span, traceparent

host = os.environ.get("HOST", "127.0.0.1")
port = int(os.environ["PORT"])
queue = open_queue(
    os.environ.get("QUEUE_ENGINE", "redis"), os.environ["REDIS_URL"], os.environ.get("QUEUE_FILE", "")
)
app = Service("beat", check=queue.check)
send_to(os.environ.get("COLLECTOR_URL", ""), "beat", app)
Directory(os.environ["DISCOVERY_URL"]).join(app, host, port)
queued = Counter("symphainy_beat_queued_total", "Tasks that were due")

with open(os.path.join(os.path.dirname(__file__), "schedule.json"), encoding="utf-8") as file:
    schedule = json.load(file)


def beat():
    for entry in schedule:
        # The same number everywhere within one period: whoever asks first puts the task in.
        period = int(time.time() // entry["everySeconds"])
        if not queue.once(f"{entry['name']}:{period}", entry["everySeconds"] * 2):
            continue
        with span(f"due {entry['name']}", "producer"):
            queue.put(new_task(entry["kind"], entry["arguments"], traceparent()))
        queued.inc(name=entry["name"])
        log.info("task queued", name=entry["name"])


app.route("GET", "/health")(app.health)
app.route("GET", "/metrics")(app.metrics)
app.route("GET", "/schedule")(lambda _asked: {"schedule": schedule})
app.every(1, beat)
serve(app, host=host, port=port)
