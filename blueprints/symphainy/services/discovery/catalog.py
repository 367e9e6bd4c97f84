"""Instances of services, with checks that expire."""

import re
import threading
import time

INSTANCES_MAX = 5000


def seconds_of(text, usual):
    match = re.fullmatch(r"(\d+)(s|m)", text or "")
    return usual if match is None else int(match[1]) * (60 if match[2] == "m" else 1)


class Changes:
    """A number that grows with each change, and a way to wait for the next."""

    def __init__(self, stopping):
        self.index = 1
        self.stopping = stopping
        self.changed = threading.Condition()

    def wait(self, index, seconds):
        with self.changed:
            if index > 0:
                deadline = time.monotonic() + seconds
                while self.index <= index and not self.stopping.is_set():
                    left = deadline - time.monotonic()
                    if left <= 0:
                        break
                    # In short waits, so that a stop does not have to wait for a change.
                    self.changed.wait(min(left, 0.5))
            return self.index

    def tell(self):
        with self.changed:
            self.index += 1
            self.changed.notify_all()


class Catalog(Changes):
    def __init__(self, stopping):
        super().__init__(stopping)
        self.instances = {}

    def register(self, entry):
        own = str(entry.get("ID") or entry["Name"])
        check = entry.get("Check") or {}
        if own not in self.instances and len(self.instances) >= INSTANCES_MAX:
            raise ValueError(f"There are {INSTANCES_MAX} instances already")
        ttl = seconds_of(check.get("TTL"), None)
        known = self.instances.get(own)
        self.instances[own] = {
            "service": {
                "ID": own,
                "Service": entry["Name"],
                "Address": entry.get("Address", ""),
                "Port": entry.get("Port", 0),
                "Tags": entry.get("Tags", []),
                "Meta": entry.get("Meta", {}),
            },
            # Without a check it counts as well, as with Consul; with one it has to say so first.
            "state": known["state"] if known else ("critical" if ttl else "passing"),
            "ttl": ttl,
            "forget": seconds_of(check.get("DeregisterCriticalServiceAfter"), None),
            "heard": time.monotonic(),
        }
        self.tell()

    def remove(self, own):
        found = self.instances.pop(own, None)
        if found is not None:
            self.tell()
        return found is not None

    def judge(self, own, state):
        found = self.instances.get(own)
        if found is None:
            return False
        found["heard"] = time.monotonic()
        if found["state"] != state:
            found["state"] = state
            self.tell()
        return True

    def expire(self):
        """Who has not been heard for its time to live is critical, and later forgotten."""
        now = time.monotonic()
        for own, found in list(self.instances.items()):
            if found["ttl"] is None:
                continue
            silent = now - found["heard"]
            if silent > found["ttl"] and found["state"] != "critical":
                found["state"] = "critical"
                self.tell()
            if found["forget"] is not None and silent > found["ttl"] + found["forget"]:
                self.remove(own)

    def of(self, name):
        return [one for one in list(self.instances.values()) if one["service"]["Service"] == name]

    def names(self):
        found = {}
        for one in list(self.instances.values()):
            service = one["service"]
            found[service["Service"]] = sorted({*found.get(service["Service"], []), *service["Tags"]})
        return found

    def nodes(self, name):
        services = [one["service"] for one in self.of(name)]
        keys = {"ServiceID": "ID", "ServiceName": "Service", "ServiceTags": "Tags"}
        keys |= {"ServiceAddress": "Address", "ServicePort": "Port", "ServiceMeta": "Meta"}
        return [{key: service[own] for key, own in keys.items()} for service in services]

    def health(self, name, is_passing):
        return [
            {
                "Node": {"Node": one["service"]["ID"], "Address": one["service"]["Address"]},
                "Service": one["service"],
                "Checks": [{"CheckID": f"service:{one['service']['ID']}", "Status": one["state"]}],
            }
            for one in self.of(name)
            if one["state"] == "passing" or not is_passing
        ]

    def passing_count(self):
        return sum(one["state"] == "passing" for one in list(self.instances.values()))
