"""Keys and values, with compare-and-set."""

import base64

from catalog import Changes

KEYS_MAX = 10_000
VALUE_LIMIT_BYTES = 512 * 1024


class Keys(Changes):
    def __init__(self, stopping):
        super().__init__(stopping)
        self.values = {}

    def get(self, key, is_prefix):
        found = [
            (name, value)
            for name, value in sorted(self.values.items())
            if name == key or (is_prefix and name.startswith(key))
        ]
        return [
            {
                "Key": name,
                "Value": base64.b64encode(text.encode()).decode(),
                "ModifyIndex": index,
                "raw": text,
            }
            for name, (text, index) in found
        ]

    def put(self, key, text, compared):
        """False when `compared` is not the index of the last change; 0: only if it is new."""
        with self.changed:
            known = self.values.get(key)
            is_full = known is None and len(self.values) >= KEYS_MAX
            if is_full or len(text.encode()) > VALUE_LIMIT_BYTES:
                return False
            if compared is not None and compared != (known[1] if known else 0):
                return False
            self.index += 1
            self.values[key] = (text, self.index)
            self.changed.notify_all()
            return True

    def remove(self, key):
        with self.changed:
            self.values.pop(key, None)
            self.index += 1
            self.changed.notify_all()
            return True
