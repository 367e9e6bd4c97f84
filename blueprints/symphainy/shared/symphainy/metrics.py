"""Counters, gauges and histograms in Prometheus' text format.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import threading

# More series than this of one metric are a label that should not be one.
SERIES_MAX = 1000
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

metrics = {}
lock = threading.Lock()


def escaped(value):
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def series_of(labels):
    return ",".join(f'{name}="{escaped(value)}"' for name, value in sorted(labels.items()))


class Metric:
    kind = "untyped"

    def __init__(self, name, text):
        if name in metrics:
            raise ValueError(f"There is a metric {name} already")
        self.name, self.text, self.series = name, text, {}
        metrics[name] = self

    def change(self, labels, first, update):
        with lock:
            key = series_of(labels)
            if key not in self.series and len(self.series) >= SERIES_MAX:
                key = 'overflow="true"'
            self.series[key] = update(self.series.get(key, first))

    def lines(self):
        return [f"{named(self.name, key)} {value}" for key, value in self.series.items()]


def named(name, labels):
    return f"{name}{{{labels}}}" if labels else name


class Counter(Metric):
    """Counts what happened; its name ends in `_total`."""

    kind = "counter"

    def inc(self, by=1, **labels):
        self.change(labels, 0, lambda value: value + by)


class Gauge(Metric):
    """Tells how much there is; `collect` is asked before each reading."""

    kind = "gauge"

    def __init__(self, name, text, collect=None):
        super().__init__(name, text)
        self.collect = collect

    def set(self, value, **labels):
        self.change(labels, 0, lambda _: value)

    def lines(self):
        if self.collect is not None:
            self.set(self.collect())
        return super().lines()


class Histogram(Metric):
    """Counts values by size, in the unit of the name."""

    kind = "histogram"

    def observe(self, value, **labels):
        def add(state):
            counts, total, count = state
            grown = [one + (value <= bound) for one, bound in zip(counts, BUCKETS)]
            return grown, total + value, count + 1

        self.change(labels, ([0] * len(BUCKETS), 0.0, 0), add)

    def lines(self):
        found = []
        for key, (counts, total, count) in self.series.items():
            before = f"{key}," if key else ""
            for bound, one in [*zip(BUCKETS, counts), ("+Inf", count)]:
                found.append(f'{self.name}_bucket{{{before}le="{bound}"}} {one}')
            found.append(f"{named(self.name + '_sum', key)} {total}")
            found.append(f"{named(self.name + '_count', key)} {count}")
        return found


def expose():
    """All metrics of this process as text."""
    found = []
    for metric in list(metrics.values()):
        found += [f"# HELP {metric.name} {metric.text}", f"# TYPE {metric.name} {metric.kind}"]
        found += metric.lines()
    return "\n".join(found) + "\n"
