"""A client of Redis: commands and answers of RESP2 over one connection for each thread.

https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

import socket
import threading
from urllib.parse import unquote, urlsplit


class RedisError(Exception):
    """Redis is away, or has refused a command."""


class Redis:
    def __init__(self, url, timeout=2.0):
        parts = urlsplit(url)
        self.address = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self.password = unquote(parts.password or "")
        self.timeout = timeout
        self.own = threading.local()

    def call(self, *words, wait=0.0):
        """The answer to one command; `wait` is how long a blocking one may take, in seconds."""
        try:
            connection = self.connection()
            connection.socket.settimeout(self.timeout + wait)
            return connection.ask(words)
        except OSError as error:
            self.close()
            raise RedisError(f"Redis at {self.address[0]}:{self.address[1]}: {error}") from error

    def connection(self):
        found = getattr(self.own, "connection", None)
        if found is None:
            found = Connection(socket.create_connection(self.address, self.timeout))
            if self.password:
                found.ask(("AUTH", self.password))
            self.own.connection = found
        return found

    def close(self):
        found = getattr(self.own, "connection", None)
        if found is not None:
            found.socket.close()
        self.own.connection = None


class Connection:
    def __init__(self, own):
        self.socket = own
        self.file = own.makefile("rb")

    def ask(self, words):
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        lines = [b"*%d\r\n" % len(parts)]
        lines += [b"$%d\r\n%s\r\n" % (len(part), part) for part in parts]
        self.socket.sendall(b"".join(lines))
        return self.answer()

    def answer(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection ended")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return None if rest == b"-1" else [self.answer() for _ in range(int(rest))]
        raise ConnectionError(f"an answer of an unknown kind: {kind!r}")
