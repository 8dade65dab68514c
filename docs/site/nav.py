"""The order of the documentation's pages. A page that no list names goes to the end of its part, so that none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: The parts, and their pages in the order in which they are read.
PARTS: dict[str, list[str]] = {
    "Learners": ["first-hour.md", "checklist.md", "learner.md", "container.md", "models.md", "gpu.md", "topics.md"],
    "Labs": ["labs/lab1.md", "labs/lab2.md", "labs/lab3.md", "labs/lab4.md", "labs/lab5.md"],
    "Instructors": [
        *("instructors.md", "tutorial.md", "authoring.md", "course-yaml.md", "from-the-wheel.md", "nbgrader.md"),
        "cohort.md",
        "cluster.md",
        "capacity.md",
    ],
    "Developers": ["threat-model.md", "performance.md", "peers.md", "versions.md"],
    "API": ["api/authors.md"],
    "Internals": [
        "api/bench.md",
        "api/course.md",
        "api/grading.md",
        "api/worker.md",
        "api/reports.md",
        "api/learner.md",
    ],
}
#: Where a page goes that is named nowhere above, by its folder.
HOME = {"labs": "Labs", "api": "Internals", ".": "Developers"}


def on_config(config: Any) -> Any:
    """Set the navigation from the pages that are there."""
    root = Path(config["docs_dir"])
    there = {path.relative_to(root).as_posix() for path in root.rglob("*.md")} - {"index.md"}
    named = {page for pages in PARTS.values() for page in pages}
    parts = {part: [page for page in pages if page in there] for part, pages in PARTS.items()}
    for page in sorted(there - named):
        parts[HOME.get(page.split("/")[0] if "/" in page else ".", "Developers")].append(page)
    config["nav"] = ["index.md", *({part: pages} for part, pages in parts.items() if pages)]
    return config
