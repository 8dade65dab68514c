"""The tables of docs/performance.md, from what the benchmarks measured: ``python tests/benchmarks/performance.py``.

Each benchmark leaves a file in outputs/benchmarks; this writes the numbers of those that are there between the page's marks.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
NAMES = (
    "first",
    "startup",
    "watch",
    "page",
    "course",
    "jobs",
    "jobs-simulated",
    "stubs",
    "overhead",
    "spent",
    "intact",
    "fork",
    "nbgrader-autograde",
    "memory",
)


def table(document: dict[str, Any]) -> str:
    """A benchmark's rows in Markdown, with the machine that they are from."""
    rows: dict[str, dict[str, float]] = document["rows"]
    columns = list(next(iter(rows.values())))
    in_mb = document["title"].startswith("memory")
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name, row in rows.items():
        cells = (_cell(column, row[column], in_mb) for column in columns)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    told = f"{document['processors']} processors, load average {document['load']} at the end, {document['machine']}"
    return "\n".join([*lines, "", f"*{told}*"])


def _cell(column: str, value: float, in_mb: bool) -> str:
    if column == "commands":
        return f"{value:.0f}"
    if column == "ratio":
        return f"{value:.2f}"
    if in_mb:
        return f"{value:.1f} MB"
    if column == "share":
        return f"{value:.0%}"
    return f"{value * 1e3:.0f} ms" if value < 10 else f"{value:.1f} s"


def renew(text: str, documents: dict[str, dict[str, Any]]) -> str:
    """The page with the tables of these benchmarks in place of the old ones."""
    for name, document in documents.items():
        marks = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        if not marks.search(text):
            raise SystemExit(f"{PAGE} has no marks for {name}")
        text = marks.sub(rf"\g<1>{table(document)}\n\g<2>", text)
    return text


def main() -> None:
    found = {name: ROOT / "outputs" / "benchmarks" / f"{name}.json" for name in NAMES}
    missing = [name for name, path in found.items() if not path.is_file()]
    documents = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in found.items() if path.is_file()}
    PAGE.write_text(renew(PAGE.read_text(encoding="utf-8"), documents), encoding="utf-8")
    print(f"wrote {len(documents)} tables; not measured yet: {', '.join(missing) or 'none'}")


if __name__ == "__main__":
    main()
