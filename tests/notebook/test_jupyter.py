"""A lab's notebook in a real kernel: pictures stand under their cells, and a check shows its report and nothing else."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from classroom.room import make_course
from support import later

from mechgrade.course.source import read_source
from mechgrade.doors.notebook import jupyter, sync
from mechgrade.submissions.cells import part

nbclient = later("nbclient")
nbformat = later("nbformat")

pytestmark = pytest.mark.slow

#: What a learner runs, one after the other, and words of what the cell then shows.
FAILURES = {
    "%pip --quiet check_nothing\ndef find_heads(scores, threshold):\n    return [": "SyntaxError",
    "def find_heads(scores, threshold):\n    return sorted(scroes)": "",
    'check("lab3/find_heads")': "Did you mean <code>scores</code>?</p><p><i>look</i> in <code>find_heads</code>",
    ' check("lab3/find_heads") ': "If another cell defines this name, run that cell first.",
    "def find_heads(scores, threshold):\n    print('here')\n    return []": "",
    ' check("find_heads")': "your code printed",
    'check("lab3/find_head")': "there is no exercise",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook of a lab with one exercise, run from its first to its last cell, and then some of a learner's mistakes."""
    root = tmp_path_factory.mktemp("course")
    course = make_course(root, {"lab3": ("find_heads",)})
    path = root / "notebooks" / "lab3.ipynb"
    exercise = course.exercise("find_heads")
    stub = course.stub_path(exercise)
    _, mark, demo = stub.read_text().rpartition('# %% tags=["demo"]')
    stub.write_text(f"{read_source(course, exercise).reference}\n\n{mark}{demo}")
    sync.push(course, course.lab("lab3"), path)
    nb = nbformat.read(path, as_version=4)
    nb.cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    nb.cells += [
        nbformat.v4.new_code_cell("kept = [check('find_heads')]\nprint('after')"),
        nbformat.v4.new_code_cell("kept"),
    ]
    nb.cells += [nbformat.v4.new_code_cell(text) for text in FAILURES]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in jupyter.environment(course).items():
            patch.setenv(name, value)
        nbclient.NotebookClient(
            nb, timeout=900, allow_errors=True, resources={"metadata": {"path": root / "notebooks"}}
        ).execute()
    nbformat.write(nb, root / "ran.ipynb")
    return root, nb


def kinds(cell: Any) -> list[str]:
    return [output.output_type for output in cell.outputs]


def words(cell: Any) -> str:
    """All that a cell shows as text or HTML."""
    shown = [output.get("text", "") + "".join(map(str, output.get("traceback", []))) for output in cell.outputs]
    return "\n".join([*shown, *(text for output in cell.outputs for text in output.get("data", {}).values())])


def test_the_demonstrations_picture_stands_under_its_cell(ran: Any) -> None:
    root, nb = ran
    (demo,) = [cell for cell in nb.cells if part(cell) == "demo"]
    (picture,) = [output for output in demo.outputs if output.output_type == "display_data"]
    saved = (root / "outputs/attention_patterns/find_heads.png").read_bytes()
    assert base64.b64decode(picture.data["image/png"]) == saved


def test_a_check_shows_its_report_and_no_number(ran: Any) -> None:
    _, nb = ran
    (check,) = [cell for cell in nb.cells if part(cell) == "check"]
    assert kinds(check) == ["execute_result"]  # what nbgrader takes the score from
    (output,) = check.outputs
    assert output.data["text/plain"] == "5.0"
    assert "passed" in output.data["text/html"] and "What you found" in output.data["text/html"]


def test_a_check_whose_value_is_used_is_shown_once_too(ran: Any) -> None:
    _, nb = ran
    kept, later = [cell for cell in nb.cells if cell.source.startswith("kept")]
    assert kinds(kept) == ["stream", "display_data"]
    assert "passed" in kept.outputs[1].data["text/html"]
    assert kinds(later) == ["execute_result"]


@pytest.mark.parametrize("source", FAILURES)
def test_what_a_learner_sees_of_a_mistake(ran: Any, source: str) -> None:
    _, nb = ran
    cell = next(cell for cell in reversed(nb.cells) if cell.source == source)
    if FAILURES[source]:
        assert FAILURES[source] in words(cell)
    else:
        assert cell.outputs == []
    assert "mechgrade/" not in words(cell), "a learner has no use for a line of the engine"
