"""Worker: takes tasks from the queue and does them; what fails is tried three times."""

import os
import socket
import threading
import time

from symphainy import log
from symphainy.directory import Directory
from symphainy.metrics import Counter, Histogram
from symphainy.queues import open_queue
from symphainy.service import Service, serve
from symphainy.tracing import send_to, span
from tasks import tasks_of

ATTEMPTS_MAX = 3

host = os.environ.get("HOST", "127.0.0.1")
port = int(os.environ["PORT"])
queue = open_queue(
    os.environ.get("QUEUE_ENGINE", "redis"), os.environ["REDIS_URL"], os.environ.get("QUEUE_FILE", "")
)
app = Service("worker", check=queue.check)
send_to(os.environ.get("COLLECTOR_URL", ""), "worker", app)
directory = Directory(os.environ["DISCOVERY_URL"])
directory.join(app, host, port)

done = Counter("symphainy_tasks_total", "Tasks, by kind and how they ended")
took = Histogram("symphainy_task_seconds", "Time a task took")
name = f"{socket.gethostname()}-{os.getpid()}"
kinds = tasks_of(lambda: directory.find("metadata"))


def work(task):
    started = time.perf_counter()
    with span(f"task {task['kind']}", "consumer", task.get("traceparent")) as own:
        own.attributes["task.id"] = task["id"]
        try:
            if task["kind"] not in kinds:
                raise LookupError(f"no worker knows tasks of the kind {task['kind']}")
            task["result"], task["state"] = kinds[task["kind"]](task["arguments"]), "done"
        except Exception as error:  # noqa: BLE001 - the task has failed, not the worker
            own.error = str(error)
            is_last = task["attempts"] >= ATTEMPTS_MAX or isinstance(error, (LookupError, ValueError))
            task["error"], task["state"] = str(error), "failed" if is_last else "queued"
            log.warn("task failed", kind=task["kind"], attempts=task["attempts"], reason=str(error))
    task["by"], task["finishedAt"] = name, time.time()
    queue.done(name, task)
    took.observe(time.perf_counter() - started, kind=task["kind"])
    done.inc(kind=task["kind"], state=task["state"])


def loop():
    while not app.stopping.is_set():
        try:
            task = queue.take(name, 1)
            if task is not None:
                work(task)
        except Exception as error:  # noqa: BLE001 - the queue may be back soon
            log.warn("queue not reached", reason=str(error))
            app.stopping.wait(1)


app.route("GET", "/health")(app.health)
app.route("GET", "/metrics")(app.metrics)
app.every(5, lambda: queue.alive(name))
worker = threading.Thread(target=loop)
worker.start()
serve(app, host=host, port=port)
# The task that is under way is finished first.
worker.join(timeout=8)
