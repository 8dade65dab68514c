"""What a lab has taught, once all of it is passed: two sections of the lab's page, ``docs/labs/LAB.md`` beside course.yaml.

A course whose labs have no such page, or no such sections, has no summaries.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from mechgrade.course import Course, Exercise, Lab

#: The headings of the sections that are shown, in this order.
SECTIONS = ("What you now know", "What experts do next")


def summary_of(course: Course, lab: Lab) -> str:
    """The lab's summary in Markdown, with a heading for each section; empty where its page has none."""
    return _read(course.root / "docs" / "labs" / f"{lab.name}.md")


def finished(course: Course, lab: Lab, is_passed: Callable[[Exercise], bool]) -> str:
    """The summary of a lab of which every exercise is passed; empty before."""
    return summary_of(course, lab) if all(map(is_passed, lab.exercises.values())) else ""


@cache
def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    bodies = dict(re.findall(r"^## (.+?)\s*\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    found = [f"### {name}\n\n{bodies[name].strip()}" for name in SECTIONS if name in bodies]
    return "\n\n".join(found)
