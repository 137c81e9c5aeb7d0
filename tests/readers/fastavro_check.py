#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# An independent reader: prints envelopes as JSON lines, decoded by fastavro, in exactly the form of
# stagger_envelope_json(), so that the two can be compared byte for byte.
#
#   fastavro_check.py SCHEMA < HEXLINES      one envelope a line, in hexadecimal
#   fastavro_check.py SCHEMA FILE...         one envelope a file, as it is
#
# A single object's fingerprint must be that of SCHEMA; a schema registry's id is not looked at.
# What cannot be read becomes {"error": ...}, and the exit status is 1.
import base64
import io
import json
import sys

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
TABLE = str.maketrans({**{chr(c): f"\\u{c:04x}" for c in CONTROLS}, **ESCAPES})


def plain(schema):
    """The schema without logical types: times stay numbers of milliseconds."""
    if isinstance(schema, dict):
        return {key: plain(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [plain(value) for value in schema]
    return schema


def render(value):
    if isinstance(value, str):
        return f'"{value.translate(TABLE)}"'
    if isinstance(value, bytes):
        try:
            return render(value.decode("utf-8"))
        except UnicodeDecodeError:
            return render({"base64": base64.b64encode(value).decode("ascii")})
    if isinstance(value, dict):
        return "{" + ",".join(render(k) + ":" + render(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(render(item) for item in value) + "]"
    return json.dumps(value)  # null, true, false, numbers


def body_of(data, prefix):
    if data[:2] == prefix[:2]:
        if data[:10] != prefix:
            raise ValueError(f"the fingerprint is {data[2:10].hex()}, not {prefix[2:].hex()}")
        return data[10:]
    if data[:1] == b"\0" and len(data) >= 5:
        return data[5:]
    raise ValueError("neither single-object nor registry framing")


def read(data, schema, prefix):
    body = io.BytesIO(body_of(data, prefix))
    # A header's name is the producer's and may be no UTF-8; U+FFFD is what other readers show.
    record = fastavro.schemaless_reader(body, schema, handle_unicode_errors="replace")
    if body.read(1):
        raise ValueError("more bytes follow the last field")
    return record


def inputs(paths):
    for path in paths:
        with open(path, "rb") as file:
            yield file.read()
    if not paths:
        for line in sys.stdin:
            if line.strip():
                yield bytes.fromhex(line)


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: fastavro_check.py SCHEMA [FILE...]")
    with open(sys.argv[1], encoding="utf-8") as file:
        text = json.load(file)
    # fastavro prints the fingerprint's bytes in their order on the wire (little-endian).
    prefix = b"\xc3\x01" + bytes.fromhex(
        fingerprint(to_parsing_canonical_form(text), "CRC-64-AVRO"))
    schema = fastavro.parse_schema(plain(text))
    failed = False
    for data in inputs(sys.argv[2:]):
        try:
            line = render(read(data, schema, prefix))
        except Exception as error:  # fastavro raises whatever the bytes led it to
            line = render({"error": f"{type(error).__name__}: {error}"})
            failed = True
        sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
