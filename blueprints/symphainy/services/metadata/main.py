"""Metadata: a graph of what there is and what came of it."""

import os

from symphainy.directory import Directory
from symphainy.graphs import open_graph
from symphainy.metrics import Counter, Gauge
from symphainy.service import Answer, Refusal, Service, serve
from symphainy.tracing import send_to

host = os.environ.get("HOST", "127.0.0.1")
port = int(os.environ["PORT"])
folder = os.environ["DATA_DIR"]
os.makedirs(folder, exist_ok=True)
graph = open_graph(os.environ.get("GRAPH_ENGINE", "sqlite"), os.path.join(folder, "graph.db"))
app = Service("metadata", check=graph.counts)
send_to(os.environ.get("COLLECTOR_URL", ""), "metadata", app)
Directory(os.environ["DISCOVERY_URL"]).join(app, host, port)

written = Counter("symphainy_graph_writes_total", "Nodes and edges written")
nodes = Gauge("symphainy_graph_nodes", "Nodes in the graph", lambda: graph.counts()["nodes"])


def existing(node_id):
    found = graph.get(node_id)
    if found is None:
        raise Refusal(404, f"There is no node {node_id}")
    return found


app.route("GET", "/health")(app.health)
app.route("GET", "/metrics")(app.metrics)


@app.route("PUT", "/nodes/<id>")
def put_node(asked):
    kind, properties = asked.body.get("kind"), asked.body.get("properties", {})
    if not isinstance(kind, str) or not isinstance(properties, dict):
        raise Refusal(400, 'Send {"kind": "…", "properties": {}}')
    graph.put_node(asked.params[0], kind, properties)
    written.inc()
    return Answer(existing(asked.params[0]), 201)


@app.route("GET", "/nodes/<id>")
def get_node(asked):
    return existing(asked.params[0])


@app.route("DELETE", "/nodes/<id>")
def remove_node(asked):
    existing(asked.params[0])
    return {"removed": graph.remove(asked.params[0])}


@app.route("GET", "/nodes")
def find_nodes(asked):
    return {"nodes": graph.find(asked.query.get("kind"), asked.query.get("text"))}


@app.route("PUT", "/edges")
def put_edge(asked):
    source, kind, target = (asked.body.get(key) for key in ("source", "kind", "target"))
    if not isinstance(kind, str):
        raise Refusal(400, 'Send {"source": "…", "kind": "…", "target": "…"}')
    existing(source)
    existing(target)
    graph.put_edge(source, kind, target)
    written.inc()
    return Answer(asked.body, 201)


@app.route("GET", "/lineage/<id>")
def lineage(asked):
    existing(asked.params[0])
    direction = asked.query.get("direction", "in")
    depth = asked.query.get("depth", "5")
    if direction not in ("in", "out") or not depth.isdigit():
        raise Refusal(400, "direction is in or out, depth a number")
    return graph.walk(asked.params[0], direction, int(depth))


@app.route("GET", "/path/<source>/<target>")
def path(asked):
    source, target = asked.params
    existing(source)
    existing(target)
    return {"path": graph.path(source, target)}


serve(app, host=host, port=port)
