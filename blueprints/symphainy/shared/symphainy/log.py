"""One JSON line per fact on stdout; warnings also travel with the traces."""

import json
import sys
import threading
import time

service = "unknown"
listeners = []
lock = threading.Lock()


def write(level, message, fields):
    at = time.time()
    line = {"at": stamp(at), "level": level, "service": service, "message": message, **fields}
    with lock:
        try:
            sys.stdout.write(json.dumps(line, default=str) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            pass  # The reader went away; the service goes on without one.
    for listen in listeners:
        listen(at, level, message, fields)


def stamp(at):
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    return f"{whole}.{int(at % 1 * 1000):03d}Z"


def info(message, **fields):
    write("info", message, fields)


def warn(message, **fields):
    write("warn", message, fields)


def error(message, **fields):
    write("error", message, fields)
