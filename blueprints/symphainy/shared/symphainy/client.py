"""Asks another service for JSON, as a span that the other side continues."""

import contextlib
import json
import urllib.error
import urllib.request

from symphainy.tracing import span, traceparent

ANSWER_LIMIT_BYTES = 8 * 1024 * 1024


class NoAnswer(Exception):
    """There was no answer, or none that is JSON."""


def request_json(url, method="GET", body=None, timeout=3.0):
    """The status and the parsed body; raises NoAnswer when there is none within `timeout` seconds."""
    path = "/" + url.split("/", 3)[3] if url.count("/") > 2 else "/"
    # What nobody asked for, such as a registration, is no trace.
    is_asked = traceparent() is not None
    with span(method, "client") if is_asked else contextlib.nullcontext() as own:
        headers = {"content-type": "application/json"}
        if own is not None:
            headers["traceparent"] = own.traceparent
            own.attributes["url.path"] = path.split("?")[0]
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                status, text = answer.status, answer.read(ANSWER_LIMIT_BYTES)
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read(ANSWER_LIMIT_BYTES)
        except OSError as error:
            raise NoAnswer(f"{url}: {error}") from error
        if own is not None:
            own.attributes["http.response.status_code"] = status
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            raise NoAnswer(f"{url} answered {status} without JSON") from None
