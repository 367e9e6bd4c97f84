"""Graphs of metadata, by engine: nodes with a kind and properties, edges with a kind.

`sqlite`  kept in one file
`memory`  gone with the process
"""

import json
import sqlite3
import threading
from collections import deque

NODES_MAX = 1_000_000
DEPTH_MAX = 10
FOUND_MAX = 1000


def open_graph(engine, path):
    engines = {"sqlite": lambda: SqliteGraph(path), "memory": lambda: SqliteGraph(":memory:")}
    if engine not in engines:
        raise ValueError(f"GRAPH_ENGINE is one of {', '.join(engines)}, not {engine}")
    return engines[engine]()


class SqliteGraph:
    def __init__(self, path):
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, check_same_thread=False)
        with self.lock, self.database as database:
            database.executescript(
                """
                pragma journal_mode = wal;
                create table if not exists nodes (
                  id text primary key, kind text not null, properties text not null);
                create table if not exists edges (
                  source text not null references nodes (id), kind text not null,
                  target text not null references nodes (id), primary key (source, kind, target));
                create index if not exists edges_by_target on edges (target);
                """
            )

    def write(self, statement, values):
        with self.lock, self.database as database:
            return database.execute(statement, values).rowcount

    def read(self, statement, values=()):
        with self.lock:
            return self.database.execute(statement, values).fetchall()

    def put_node(self, node_id, kind, properties):
        self.write(
            "insert into nodes values (?, ?, ?) on conflict (id) do update set"
            " kind = excluded.kind, properties = json_patch(properties, excluded.properties)",
            (node_id, kind, json.dumps(properties)),
        )

    def put_edge(self, source, kind, target):
        self.write("insert or ignore into edges values (?, ?, ?)", (source, kind, target))

    def get(self, node_id):
        rows = self.read("select id, kind, properties from nodes where id = ?", (node_id,))
        return shown(rows[0]) if rows else None

    def remove(self, node_id):
        self.write("delete from edges where ? in (source, target)", (node_id,))
        return self.write("delete from nodes where id = ?", (node_id,)) > 0

    def find(self, kind, text):
        rows = self.read(
            "select id, kind, properties from nodes where (? is null or kind = ?)"
            " and (? is null or instr(lower(id || properties), lower(?)) > 0) order by id limit ?",
            (kind, kind, text, text, FOUND_MAX),
        )
        return [shown(row) for row in rows]

    def edges(self, node_id, direction):
        """Edges that begin (`out`) or end (`in`) here, as (source, kind, target)."""
        column = "source" if direction == "out" else "target"
        return self.read(
            f"select source, kind, target from edges where {column} = ? order by kind limit ?",
            (node_id, FOUND_MAX),
        )

    def walk(self, node_id, direction, depth):
        """Everything within `depth` steps, the nearest first, and the edges between."""
        seen, edges, queue = {node_id: 0}, [], deque([node_id])
        while queue and len(seen) < FOUND_MAX:
            here = queue.popleft()
            if seen[here] >= min(depth, DEPTH_MAX):
                continue
            for edge in self.edges(here, direction):
                edges.append(dict(zip(("source", "kind", "target"), edge)))
                other = edge[2] if direction == "out" else edge[0]
                if other not in seen:
                    seen[other] = seen[here] + 1
                    queue.append(other)
        found = ((self.get(one), steps) for one, steps in seen.items())
        # Removed while we walked: not there any more.
        nodes = [{**node, "distance": steps} for node, steps in found if node is not None]
        return {"nodes": nodes, "edges": edges}

    def path(self, source, target):
        """The shortest way along the edges, or None."""
        before, queue = {source: None}, deque([source])
        while queue and len(before) < FOUND_MAX:
            here = queue.popleft()
            if here == target:
                steps = [here]
                while before[steps[0]] is not None:
                    steps.insert(0, before[steps[0]])
                return steps
            for _, _, other in self.edges(here, "out"):
                if other not in before:
                    before[other] = here
                    queue.append(other)
        return None

    def counts(self):
        (nodes,), (edges,) = self.read(
            "select count(*) from nodes union all select count(*) from edges"
        )
        return {"nodes": nodes, "edges": edges}


def shown(row):
    return {"id": row[0], "kind": row[1], "properties": json.loads(row[2])}
