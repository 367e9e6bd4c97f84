"""A service's entry in the discovery, and where the others are."""

import os
import random
import socket
import threading
import time

from symphainy import log
from symphainy.client import NoAnswer, request_json

TTL_SECONDS = 10
# An address is believed for as long; then the discovery is asked again.
BELIEVED_SECONDS = 5


class Directory:
    def __init__(self, url):
        self.url = (url or "").rstrip("/")
        self.known = {}
        self.lock = threading.Lock()

    def join(self, app, host, port):
        """Registers the service, says every few seconds how it is, and takes it out at its end."""
        own = f"{app.name}-{socket.gethostname()}-{os.getpid()}"
        address = socket.gethostbyname(socket.gethostname()) if host == "0.0.0.0" else host
        entry = {"ID": own, "Name": app.name, "Address": address, "Port": port}
        entry["Check"] = {"TTL": f"{TTL_SECONDS}s", "DeregisterCriticalServiceAfter": "60s"}
        state = {"is_registered": False}

        def tell():
            if not state["is_registered"]:
                status, _ = request_json(f"{self.url}/v1/agent/service/register", "PUT", entry)
                state["is_registered"] = status == 200
            told = app.health()
            verdict = "pass" if isinstance(told, dict) else "fail"
            path = f"/v1/agent/check/{verdict}/service:{own}"
            status, _ = request_json(self.url + path, "PUT")
            # The discovery has started anew and forgot us.
            state["is_registered"] = status == 200

        def leave():
            try:
                request_json(f"{self.url}/v1/agent/service/deregister/{own}", "PUT", timeout=1)
            except NoAnswer as error:
                log.warn("not deregistered", reason=str(error))

        app.every(3, tell)
        app.stops.append(leave)

    def find(self, name):
        """The address of one healthy instance, `http://host:port`; raises NoAnswer when there is none."""
        with self.lock:
            at, found = self.known.get(name, (0, []))
        if time.monotonic() - at > BELIEVED_SECONDS:
            try:
                path = f"/v1/health/service/{name}?passing"
                _, entries = request_json(self.url + path, timeout=1)
                found = [one["Service"] for one in entries]
            except NoAnswer:
                # The discovery is away: what it said last is better than nothing.
                pass
            with self.lock:
                self.known[name] = (time.monotonic(), found)
        if not found:
            raise NoAnswer(f"No healthy instance of {name} is known")
        one = random.choice(found)
        return f"http://{one['Address']}:{one['Port']}"
