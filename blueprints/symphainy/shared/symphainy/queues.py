"""Queues of tasks, by engine. A task that a worker took and did not finish comes back.

`redis`   shared by all machines: lists, and a list for each worker of what it works on
`sqlite`  one file, for services of one machine
"""

import json
import os
import sqlite3
import time
import uuid

from symphainy.redis import Redis

# What a worker takes longer for than this is given to another one.
LEASE_SECONDS = 60
RESULT_SECONDS = 24 * 3600
POLL_SECONDS = 0.1


def open_queue(engine, url, path):
    """The queue of an engine; `url` is of Redis, `path` of the file."""
    engines = {"redis": lambda: RedisQueue(url), "sqlite": lambda: SqliteQueue(path)}
    if engine not in engines:
        raise ValueError(f"QUEUE_ENGINE is one of {', '.join(engines)}, not {engine}")
    return engines[engine]()


def new_task(kind, arguments, traceparent):
    return {
        "id": uuid.uuid4().hex,
        "kind": kind,
        "arguments": arguments,
        "traceparent": traceparent,
        "queuedAt": time.time(),
        "attempts": 0,
    }


class RedisQueue:
    def __init__(self, url):
        self.redis = Redis(url)

    def check(self):
        self.redis.call("PING")

    def put(self, task):
        self.redis.call("SET", f"task:{task['id']}", json.dumps(task), "EX", RESULT_SECONDS)
        self.redis.call("LPUSH", "tasks", task["id"])

    def take(self, worker, wait):
        """The next task, or None after `wait` seconds."""
        found = self.redis.call("BLMOVE", "tasks", f"taken:{worker}", "RIGHT", "LEFT", wait, wait=wait)
        if found is None:
            return None
        task = self.get(found)
        if task is None:
            self.redis.call("LREM", f"taken:{worker}", 1, found)
            return None
        task["attempts"] += 1
        self.save(task)
        return task

    def alive(self, worker):
        """Says that a worker is there, and gives back what workers took that are not."""
        self.redis.call("SET", f"worker:{worker}", "1", "EX", LEASE_SECONDS // 4)
        self.redis.call("SADD", "workers", worker)
        for other in self.redis.call("SMEMBERS", "workers"):
            if self.redis.call("EXISTS", f"worker:{other}"):
                continue
            while self.redis.call("LMOVE", f"taken:{other}", "tasks", "RIGHT", "RIGHT"):
                pass
            self.redis.call("SREM", "workers", other)

    def done(self, worker, task):
        """Keeps what became of a task; one whose state is `queued` is to be tried again."""
        self.save(task)
        if task["state"] == "queued":
            self.redis.call("LPUSH", "tasks", task["id"])
        self.redis.call("LREM", f"taken:{worker}", 1, task["id"])

    def save(self, task):
        self.redis.call("SET", f"task:{task['id']}", json.dumps(task), "EX", RESULT_SECONDS)

    def get(self, task_id):
        text = self.redis.call("GET", f"task:{task_id}")
        return None if text is None else json.loads(text)

    def length(self):
        return self.redis.call("LLEN", "tasks")

    def once(self, name, seconds):
        """True for the first who asks within `seconds`: of several, one does the work."""
        return self.redis.call("SET", f"once:{name}", "1", "NX", "EX", seconds) == "OK"


class SqliteQueue:
    def __init__(self, path):
        self.path = path
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with self.open() as database:
            database.execute("pragma journal_mode = wal")
            database.execute(
                "create table if not exists tasks (id text primary key, body text not null,"
                " state text not null, until real not null, at real not null)"
            )
            database.execute("create table if not exists once (name text primary key, until real)")

    def open(self):
        return sqlite3.connect(self.path, timeout=5, isolation_level="IMMEDIATE")

    def check(self):
        with self.open() as database:
            database.execute("select 1")

    def put(self, task):
        with self.open() as database:
            now = time.time()
            database.execute("delete from tasks where state = 'done' and at < ?", (now - RESULT_SECONDS,))
            database.execute(
                "insert into tasks values (?, ?, 'waiting', 0, ?)", (task["id"], json.dumps(task), now)
            )

    def take(self, worker, wait):
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            task = self.take_now()
            if task is not None:
                return task
            time.sleep(POLL_SECONDS)
        return None

    def take_now(self):
        with self.open() as database:
            now = time.time()
            row = database.execute(
                "update tasks set state = 'taken', until = ? where id = (select id from tasks"
                " where state = 'waiting' or (state = 'taken' and until < ?) order by at limit 1)"
                " returning body",
                (now + LEASE_SECONDS, now),
            ).fetchone()
        if row is None:
            return None
        task = json.loads(row[0])
        task["attempts"] += 1
        return task

    def alive(self, worker):
        """Nothing to do: what is taken comes back by its time."""

    def done(self, worker, task):
        state = "waiting" if task["state"] == "queued" else "done"
        with self.open() as database:
            database.execute(
                "update tasks set state = ?, body = ? where id = ?", (state, json.dumps(task), task["id"])
            )

    def get(self, task_id):
        with self.open() as database:
            row = database.execute("select body from tasks where id = ?", (task_id,)).fetchone()
        return None if row is None else json.loads(row[0])

    def length(self):
        with self.open() as database:
            return database.execute("select count(*) from tasks where state = 'waiting'").fetchone()[0]

    def once(self, name, seconds):
        with self.open() as database:
            now = time.time()
            found = database.execute(
                "insert into once values (?, ?) on conflict (name) do update set until = excluded.until"
                " where once.until < ? returning name",
                (name, now + seconds, now),
            )
            return found.fetchone() is not None
