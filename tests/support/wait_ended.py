#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# wait_ended.py COUNT SECONDS FILE...: waits until COUNT different ids have ended (done, or durable in
# a DLT) in these histories, which may still be growing or not be there yet. Reads what is new only.
import json
import sys
import time

count, seconds, paths = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
ends = time.monotonic() + seconds
places = dict.fromkeys(paths, 0)
ended = set()


def read_new(path):
    try:
        with open(path, "rb") as file:
            file.seek(places[path])
            data = file.read()
    except FileNotFoundError:
        return
    data = data[: data.rfind(b"\n") + 1]
    places[path] += len(data)
    for line in data.splitlines():
        if b'"handled"' in line or b'"dead_lettered"' in line:
            event = json.loads(line)
            if event["event"] == "dead_lettered" or event.get("verdict") == "done":
                ended.add(event.get("id"))


while True:
    for path in paths:
        read_new(path)
    if len(ended) >= count:
        break
    if time.monotonic() > ends:
        print(f"wait_ended: {len(ended)} of {count} ids ended within {seconds:g} s", file=sys.stderr)
        sys.exit(1)
    time.sleep(0.1)
