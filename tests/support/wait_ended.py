#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wait_ended.py COUNT SECONDS FILE...: waits until COUNT different ids have ended (done, or durable
in a DLT) in these histories, which may still be growing or not be there yet. Reads what is new
only."""
import json
import sys
import time


class Ended:
    """The ids that have ended in histories that grow."""

    def __init__(self):
        self.places, self.ids = {}, set()

    def read(self, path):
        try:
            with open(path, "rb") as file:
                file.seek(self.places.get(path, 0))
                data = file.read()
        except FileNotFoundError:
            return
        data = data[: data.rfind(b"\n") + 1]
        self.places[path] = self.places.get(path, 0) + len(data)
        for line in data.splitlines():
            if b'"handled"' in line or b'"dead_lettered"' in line:
                event = json.loads(line)
                if event["event"] == "dead_lettered" or event.get("verdict") == "done":
                    self.ids.add(event.get("id"))


def main():
    count, seconds, paths = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    ends = time.monotonic() + seconds
    ended = Ended()
    while True:
        for path in paths:
            ended.read(path)
        if len(ended.ids) >= count:
            return 0
        if time.monotonic() > ends:
            print(f"wait_ended: {len(ended.ids)} of {count} ids ended within {seconds:g} s",
                  file=sys.stderr)
            return 1
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
