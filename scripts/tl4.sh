#!/usr/bin/env bash
# The course on transformer-lens 4.x, which sae-lens does not allow yet: an environment without sae-lens, and labs 1 to 3 graded in it with the
# references, live against themselves and against what was recorded on 3.x. With WRITE=1 the result goes into docs/versions.md.
#
#   scripts/tl4.sh [DIRECTORY]      the environment's place; .venv-tl4 by default. VERSION='>=4,<5' chooses another range.
set -euo pipefail
cd "$(dirname "$0")/.."
place=${1:-.venv-tl4}
version=${VERSION:->=4,<5}

if [ ! -x "$place/bin/mechgrade" ]; then
    "${PYTHON:-python3}" -m venv "$place"
    # What the pins say, but for the library in question and what it may need newer.
    grep -vE '^(transformer-lens|sae-lens|transformers|huggingface-hub|tokenizers|accelerate|datasets)==' constraints.txt >"$place/constraints.txt"
    mapfile -t wanted < <("$place/bin/python" - <<'PYTHON'
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
for line in project["dependencies"] + project["optional-dependencies"]["transformer-lens"]:
    if not line.startswith(("transformer-lens", "sae-lens")):
        print(line)
PYTHON
    )
    "$place/bin/pip" install -q --disable-pip-version-check -c "$place/constraints.txt" "transformer-lens$version" "${wanted[@]}"
    "$place/bin/pip" install -q --disable-pip-version-check --no-deps -e .
fi

status=0
for lab in lab1 lab2 lab3; do
    MECHGRADE_SERVER=0 "$place/bin/mechgrade" grade solutions --lab "$lab" --backend bridge --strict --plain --json "$place/$lab.json" || status=$?
done

"$place/bin/python" - "$place" <<'PYTHON'
import json
import os
import re
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

versions = ", ".join(f"{name} {version(name)}" for name in ("transformer-lens", "torch", "transformers", "numpy"))
rows = ["| lab | points | exercises passed |", "|---|---|---|"]
for lab in (1, 2, 3):
    result = json.loads((Path(sys.argv[1]) / f"lab{lab}.json").read_text())
    passed = sum(each["verdict"] == "passed" for each in result["exercises"])
    rows.append(f"| {lab} | {result['score']:g} / {result['max_score']:g} | {passed} of {len(result['exercises'])} |")
text = "\n".join([f"Run on {date.today()} with {versions}:", "", *rows])
print(text)
if os.environ.get("WRITE"):
    page = Path("docs/versions.md")
    between = re.compile("(<!-- by scripts/tl4.sh -->\n).*(<!-- end of scripts/tl4.sh -->)", re.DOTALL)
    page.write_text(between.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page.read_text()))
PYTHON
exit "$status"
