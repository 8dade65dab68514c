"""What a learner uploads somewhere: files in any folder, or the lab's notebook. Put into the shape of a submission."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mechgrade.course import Course, Lab
from mechgrade.submissions.assemble import assemble, interface

#: Larger uploads are no notebook that a person wrote.
MAX_BYTES = 50 * 2**20


def arrange(course: Course, lab: Lab, upload: Path, to: Path) -> list[str]:
    """Write an upload's exercises of a lab as ``<to>/<lab>/<exercise>.py``. Files count more than a notebook.

    Returns:
        what a learner should know of it, a sentence each.
    """
    (to / lab.name).mkdir(parents=True, exist_ok=True)
    files = [path for path in sorted(upload.rglob("*")) if path.is_file() and not path.is_symlink()]
    notes: list[str] = []
    cells = _cells(files, lab, notes)
    for exercise in lab.exercises.values():
        target = to / lab.name / f"{exercise.name}.py"
        found = [path for path in files if path.name == target.name and path.stat().st_size <= MAX_BYTES]
        found.sort(key=lambda path: (path.parent.name != lab.name, len(path.parts)))
        if found:
            target.write_bytes(found[0].read_bytes())
            if len(found) > 1:
                notes.append(f"{target.name} is there {len(found)} times; {found[0].relative_to(upload)} was graded")
        elif cells:
            target.write_text(assemble(cells, interface(course, exercise)), encoding="utf-8", errors="surrogatepass")
    return notes


def _cells(files: list[Path], lab: Lab, notes: list[str]) -> list[str]:
    notebooks = [path for path in files if path.suffix == ".ipynb" and path.stat().st_size <= MAX_BYTES]
    notebooks.sort(key=lambda path: path.stem != lab.slug)
    for path in notebooks[:1]:
        if len(notebooks) > 1:
            notes.append(f"there are {len(notebooks)} notebooks; {path.name} was graded")
        try:
            tree: Any = json.loads(path.read_text(encoding="utf-8-sig"))
            found = [cell for cell in tree["cells"] if cell["cell_type"] == "code"]
            return ["".join(cell["source"]) for cell in found]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            notes.append(f"{path.name} cannot be read as a notebook; save it again")
    return []
