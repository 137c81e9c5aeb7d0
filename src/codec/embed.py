#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Makes a file a NUL-terminated C array, byte for byte: embed.py INPUT OUTPUT.c SYMBOL.
# An array, because C11 promises only 4095 bytes of string literal.
import sys

source, target, symbol = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
if b"\0" in data:
    sys.exit(f"{source}: holds a NUL, so it cannot be a C string")
items = [f"'\\x{byte:02x}'," for byte in data + b"\0"]
lines = ["\t" + "".join(items[i:i + 12]) for i in range(0, len(items), 12)]
with open(target, "w", encoding="ascii") as file:
    file.write(f"extern const char {symbol}[{len(items)}];\n"
               f"const char {symbol}[{len(items)}] = {{\n" + "\n".join(lines) + "\n};\n")
