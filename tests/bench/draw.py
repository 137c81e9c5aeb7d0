# SPDX-License-Identifier: Apache-2.0
"""Pictures of figures, drawn by gnuplot as SVG."""
import pathlib
import re
import subprocess
import tempfile

SVG = "set terminal svg size 800,420 font 'sans-serif,12' background 'white' noenhanced"


def drawn(script, rows):
    """What gnuplot makes of the script, in which $rows is the data: a list of lists of numbers."""
    data = "\n".join(" ".join(str(value) for value in row) for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "script"
        path.write_text(f"{SVG}\n$rows << END\n{data}\nEND\n{script}\n", encoding="utf-8")
        return subprocess.run(["gnuplot", path], check=True, capture_output=True, text=True).stdout


def write_svg(script, rows, path):
    text = re.sub(r"[ \t]+$", "", drawn(script, rows), flags=re.MULTILINE)
    path.write_text(text.replace("<svg", "<!-- SPDX-License-Identifier: Apache-2.0 -->\n<svg", 1),
                    encoding="utf-8")
