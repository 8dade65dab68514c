"""Write docs/course-yaml.md from the schema of course.yaml: `python scripts/course_yaml_page.py`. A test holds the page to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mechgrade.authoring.schema import schema_text

PAGE = Path(__file__).parents[1] / "docs/course-yaml.md"

BEGIN = """\
# course.yaml

Everything that `mechgrade` knows of a course stands in this file: labs, exercises, points, models and limits. A mistake in it is reported with its
line and with what is allowed. `mechgrade init` writes one to begin with, and its first line tells editors where the schema lies: they then
complete keys and mark mistakes while you write. `scripts/course_yaml_page.py` writes this page from the same schema.

A small one:

```yaml
schema: 1
title: Numbers in lines
bench: none
isolation: process
labs:
  week1:
    title: Means
    slug: 01-means
    minutes: 30
    exercises:
      row_means: {title: The mean of each row, points: 5, minutes: 10}
```
"""

#: The parts in the order of the page: the schema's name, and the heading.
PARTS = (
    ("", "The course"),
    ("Lab", "A lab: `labs.NAME`"),
    ("Exercise", "An exercise: `labs.NAME.exercises.NAME`"),
    ("Question", "A question that a person grades: `labs.NAME.questions.NAME`"),
    ("ModelProfile", "A model: `models.NAME`"),
    ("Limits", "Limits: `limits`, and `models.NAME.limits`"),
)


def page() -> str:
    """The page."""
    schema = json.loads(schema_text())
    parts = [BEGIN]
    for name, heading in PARTS:
        part = schema["$defs"][name] if name else schema
        parts += [f"## {heading}", "", "| key | what it says | value | without it |", "|---|---|---|---|"]
        parts += [*_rows(part), ""]
    return "\n".join(parts)


def _rows(part: dict[str, Any]) -> Iterator[str]:
    for key, each in part["properties"].items():
        default = "must be there" if key in part.get("required", []) else _default(each.get("default"))
        yield f"| `{key}` | {each.get('description', '')} | {_kind(each)} | {default} |"


def _default(value: Any) -> str:
    return "" if value in (None, [], {}) or isinstance(value, dict) else f"`{json.dumps(value)}`"


def _kind(each: dict[str, Any]) -> str:
    """What may stand there, in words."""
    choices = [one for one in each.get("anyOf", [each]) if one.get("type") != "null"]
    return " or ".join(map(_words, choices))


def _words(one: dict[str, Any]) -> str:
    if "const" in one or "enum" in one:
        return " or ".join(f"`{value}`" for value in one.get("enum", [one.get("const")]))
    if "$ref" in one:
        return "see below"
    if one.get("type") == "array":
        return f"a list of {_words(one['items'])}s"
    if one.get("type") == "object":
        return "names, each with its part" if "$ref" in json.dumps(one) else "names, each with a text"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
    ends = [
        f"{sign} {one[key]:g}"
        for key, sign in (("exclusiveMinimum", "above"), ("minimum", "from"), ("maximum", "to"))
        if key in one
    ]
    return " ".join([words.get(one.get("type", ""), "value"), *ends])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}")
