"""Spans and logs in SQLite, for as long as they are to be kept."""

import json
import sqlite3
import threading
import time

SPANS_MAX = 500_000


class Store:
    def __init__(self, path, keep_hours):
        self.keep_seconds = keep_hours * 3600
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, check_same_thread=False)
        self.database.row_factory = sqlite3.Row
        with self.lock, self.database as database:
            database.executescript(
                """
                pragma journal_mode = wal;
                create table if not exists spans (
                  span text primary key, trace text not null, parent text not null,
                  service text not null, name text not null, kind integer not null,
                  started integer not null, ended integer not null, error text,
                  attributes text not null);
                create index if not exists spans_by_trace on spans (trace);
                create index if not exists spans_by_time on spans (started);
                create table if not exists logs (
                  trace text not null, service text not null, at integer not null,
                  level text not null, message text not null, attributes text not null);
                create index if not exists logs_by_trace on logs (trace);
                """
            )

    def read(self, statement, values=()):
        with self.lock:
            return [dict(row) for row in self.database.execute(statement, values)]

    def add(self, records):
        spans = [one for one in records if one["type"] == "span"]
        logs = [one for one in records if one["type"] == "log"]
        with self.lock, self.database as database:
            database.executemany(
                "insert or replace into spans values"
                " (:span, :trace, :parent, :service, :name, :kind, :started, :ended, :error, :json)",
                [{**one, "json": json.dumps(one["attributes"])} for one in spans],
            )
            database.executemany(
                "insert into logs values (:trace, :service, :at, :level, :message, :json)",
                [{**one, "json": json.dumps(one["attributes"])} for one in logs],
            )

    def forget(self):
        """What is too old, and what is too much."""
        before = int((time.time() - self.keep_seconds) * 1e9)
        with self.lock, self.database as database:
            newest = "select started from spans order by started desc limit 1 offset ?"
            row = database.execute(newest, (SPANS_MAX,)).fetchone()
            limit = max(before, row["started"] if row else 0)
            database.execute("delete from spans where started < ?", (limit,))
            database.execute("delete from logs where at < ?", (limit,))

    def counts(self):
        return self.read("select count(*) as spans from spans")[0]

    def services(self):
        rows = self.read("select service, name, count(*) as spans from spans group by 1, 2 order by 1, 2")
        found = {}
        for row in rows:
            found.setdefault(row["service"], []).append({"operation": row["name"], "spans": row["spans"]})
        return [{"service": name, "operations": operations} for name, operations in found.items()]

    def search(self, service, operation, least_ms, is_error, tags, since, limit):
        """Traces with a span that fits, the newest first."""
        where, values = ["started >= ?", "ended - started >= ?"], [int(since * 1e9), least_ms * 1e6]
        for column, value in (("service", service), ("name", operation)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        if is_error:
            where.append("error is not null")
        for key, value in tags:
            where.append("cast(json_extract(attributes, '$.' || json_quote(?)) as text) = ?")
            values += [key, value]
        fitting = f"select distinct trace from spans where {' and '.join(where)}"
        return self.read(
            "select trace, count(*) as spans, min(started) / 1000000 as startedMs,"
            " (max(ended) - min(started)) / 1e6 as durationMs, sum(error is not null) as errors,"
            " group_concat(distinct service) as services,"
            " max(case when parent = '' then name end) as name"
            f" from spans where trace in ({fitting}) group by trace order by startedMs desc limit ?",
            (*values, limit),
        )

    def trace(self, trace):
        spans = self.read("select * from spans where trace = ? order by started", (trace,))
        logs = self.read("select * from logs where trace = ? order by at", (trace,))
        for one in spans + logs:
            one["attributes"] = json.loads(one["attributes"])
        return {"trace": trace, "spans": spans, "logs": logs}

    def graph(self, since):
        """Who calls whom: a span whose parent is of another service is a call."""
        edges = self.read(
            "select parent.service as caller, child.service as callee, count(*) as calls,"
            " sum(child.error is not null) as errors,"
            " avg(child.ended - child.started) / 1e6 as meanMs"
            " from spans child join spans parent on parent.span = child.parent"
            " where child.started >= ? and parent.service <> child.service group by 1, 2 order by 1, 2",
            (int(since * 1e9),),
        )
        return {"services": [one["service"] for one in self.services()], "calls": edges}
