"""course.yaml's JSON schema, for editors: a comment at the top of course.yaml says where it lies, and ``build`` writes it there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mechgrade.course import COURSE_FILE, Course

#: The comment that editors with a YAML language server look for.
_COMMENT = re.compile(r"^#\s*yaml-language-server:\s*\$schema=(\S+)\s*$", re.MULTILINE)


def schema_path(course: Course) -> Path | None:
    """Where the schema lies; None where course.yaml names no place in the course."""
    found = _COMMENT.search((course.root / COURSE_FILE).read_text(encoding="utf-8"))
    if found is None or ":" in found[1] or found[1].startswith("/") or ".." in found[1]:
        return None
    return course.root / found[1]


def schema_text() -> str:
    """The schema: what an author may write, with the reason for each key."""
    schema = Course.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "course.yaml of mechgrade"}
    return json.dumps(schema, indent=1) + "\n"
