"""What workers can do. Each task is given its arguments and returns its result."""

import csv
import io
import re
import statistics
from collections import Counter as Tally
from urllib.parse import quote

from symphainy.client import request_json

ROWS_MAX = 100_000


def tasks_of(metadata):
    """The kinds of tasks; `metadata` finds the address of the metadata service."""

    def put_node(node_id, kind, properties):
        put(f"/nodes/{quote(node_id, safe='')}", {"kind": kind, "properties": properties})

    def put(path, body):
        status, answer = request_json(metadata() + path, "PUT", body)
        if status >= 300:
            raise RuntimeError(f"metadata answers {status}: {answer}")

    def profile(arguments):
        """The columns of a CSV with type, gaps and extremes, told to the metadata as well."""
        dataset = arguments["dataset"]
        rows = list(csv.DictReader(io.StringIO(arguments["csv"])))[:ROWS_MAX]
        if not rows:
            raise ValueError("the CSV has no rows")
        columns = {name: column_of([row[name] or "" for row in rows]) for name in rows[0] if name}
        put_node(dataset, "dataset", {"rows": len(rows)})
        for name, found in columns.items():
            put_node(f"{dataset}.{name}", "column", found)
            put("/edges", {"source": dataset, "kind": "has", "target": f"{dataset}.{name}"})
        return {"rows": len(rows), "columns": columns}

    def derive(arguments):
        """Notes in the metadata that one dataset was made from others."""
        for source in arguments["sources"]:
            put("/edges", {"source": source, "kind": "becomes", "target": arguments["target"]})
        return {"edges": len(arguments["sources"])}

    def words(arguments):
        """The commonest words of a text."""
        found = Tally(re.findall(r"[a-zà-ÿ']{3,}", arguments["text"].lower()))
        return {"words": len(found), "commonest": found.most_common(10)}

    def census(_arguments):
        """How many datasets and columns there are, kept as a node."""
        _, datasets = request_json(metadata() + "/nodes?kind=dataset")
        _, columns = request_json(metadata() + "/nodes?kind=column")
        counts = {"datasets": len(datasets["nodes"]), "columns": len(columns["nodes"])}
        put_node("census", "census", counts)
        return counts

    return {"profile": profile, "derive": derive, "words": words, "census": census}


def column_of(values):
    present = [value for value in values if value.strip() != ""]
    numbers = [float(value) for value in present if re.fullmatch(r"-?\d+(\.\d+)?", value.strip())]
    told = {"count": len(values), "empty": len(values) - len(present), "distinct": len(set(present))}
    if present and len(numbers) == len(present):
        extremes = {"min": min(numbers), "max": max(numbers), "mean": statistics.fmean(numbers)}
        return {"type": "number", **told, **extremes}
    return {"type": "text", **told, "longest": max((len(value) for value in present), default=0)}
