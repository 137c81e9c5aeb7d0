# SPDX-License-Identifier: Apache-2.0
"""Pictures of figures, drawn by gnuplot: one script, shown in a terminal or written as SVG."""
import pathlib
import re
import subprocess
import tempfile

ASCII = "set terminal dumb size 100,28 noenhanced"
SVG = "set terminal svg size 800,420 font 'sans-serif,12' background 'white' noenhanced"


def drawn(script, rows, terminal=ASCII):
    """What gnuplot makes of the script, in which $rows is the data: a list of lists of numbers."""
    data = "\n".join(" ".join(str(value) for value in row) for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "script"
        path.write_text(f"{terminal}\n$rows << END\n{data}\nEND\n{script}\n", encoding="utf-8")
        return subprocess.run(["gnuplot", path], check=True, capture_output=True, text=True).stdout


def write_svg(script, rows, path):
    text = re.sub(r"[ \t]+$", "", drawn(script, rows, SVG), flags=re.MULTILINE)
    path.write_text(text.replace("<svg", "<!-- SPDX-License-Identifier: Apache-2.0 -->\n<svg", 1),
                    encoding="utf-8")
