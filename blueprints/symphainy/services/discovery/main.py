"""Discovery: a part of Consul's HTTP interface: services, TTL checks, health, keys, blocking queries.

https://developer.hashicorp.com/consul/api-docs
"""

import os

from catalog import Catalog
from keys import Keys
from symphainy import log
from symphainy.metrics import Counter, Gauge
from symphainy.service import Answer, Refusal, Service, serve

app = Service("discovery", is_traced=False)
catalog, keys = Catalog(app.stopping), Keys(app.stopping)
log.service = "discovery"
registered = Counter("symphainy_discovery_registrations_total", "Registrations of instances")
passing = Gauge("symphainy_instances_passing", "Instances that are well", catalog.passing_count)
app.every(0.5, catalog.expire)


def indexed(asked, store, read):
    """Waits for a change after ?index for as long as ?wait, as Consul does."""
    index = number_of(asked.query.get("index", "0"))
    index = store.wait(index, seconds_of(asked.query.get("wait", "0s")))
    # Clients of Consul want all three.
    headers = {"X-Consul-Index": str(index), "X-Consul-LastContact": "0", "X-Consul-KnownLeader": "true"}
    return Answer(read(), headers=headers)


def seconds_of(text):
    units = {"s": 1, "m": 60}
    if not text[:-1].isdigit() or text[-1] not in units:
        raise Refusal(400, f"{text} is no duration such as 10s or 1m")
    return min(int(text[:-1]) * units[text[-1]], 60)


def number_of(text):
    if not text.isdecimal():
        raise Refusal(400, f"{text} is no number of a change")
    return int(text)


app.route("GET", "/health")(app.health)
app.route("GET", "/metrics")(app.metrics)


@app.route("PUT", "/v1/agent/service/register")
def register(asked):
    name = asked.body.get("Name") if isinstance(asked.body, dict) else None
    if not isinstance(name, str) or not name:
        raise Refusal(400, "A service has a Name")
    catalog.register(asked.body)
    registered.inc()
    return Answer("")


@app.route("PUT", "/v1/agent/service/deregister/<id>")
def deregister(asked):
    if not catalog.remove(asked.params[0]):
        raise Refusal(404, f"There is no instance {asked.params[0]}")
    return Answer("")


@app.route("PUT", "/v1/agent/check/<verdict>/<check>")
def tell(asked):
    verdict, check = asked.params
    states = {"pass": "passing", "warn": "warning", "fail": "critical"}
    if verdict not in states or not catalog.judge(check.removeprefix("service:"), states[verdict]):
        raise Refusal(404, f"There is no check {check}")
    return Answer("")


@app.route("GET", "/v1/catalog/services")
def services(asked):
    return indexed(asked, catalog, catalog.names)


@app.route("GET", "/v1/catalog/service/<name>")
def instances(asked):
    return indexed(asked, catalog, lambda: catalog.nodes(asked.params[0]))


@app.route("GET", "/v1/health/service/<name>")
def health_of(asked):
    name, is_passing = asked.params[0], "passing" in asked.query
    return indexed(asked, catalog, lambda: catalog.health(name, is_passing))


@app.route("GET", "/prometheus")
def targets(_asked):
    """https://prometheus.io/docs/prometheus/latest/http_sd/"""
    return [
        {"targets": [f"{one['ServiceAddress']}:{one['ServicePort']}"], "labels": {"service": name}}
        for name in catalog.names()
        for one in catalog.nodes(name)
    ]


@app.route("GET", "/v1/kv/<key>")
def read_key(asked):
    key = asked.params[0]
    answer = indexed(asked, keys, lambda: keys.get(key, "recurse" in asked.query))
    if not answer.body:
        return Answer([], 404, headers=answer.headers)
    return Answer(answer.body[0]["raw"], kind="text/plain") if "raw" in asked.query else Answer(
        [{name: value for name, value in one.items() if name != "raw"} for one in answer.body],
        headers=answer.headers,
    )


@app.route("PUT", "/v1/kv/<key>")
def write_key(asked):
    compared = asked.query.get("cas")
    return keys.put(
        asked.params[0], asked.text, None if compared is None else number_of(compared)
    )


@app.route("DELETE", "/v1/kv/<key>")
def delete_key(asked):
    return keys.remove(asked.params[0])


serve(app, host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ["PORT"]))
