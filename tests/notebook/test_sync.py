"""Work goes from notebook to files and back, and none of it is lost on the way."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT, later
from typer.testing import CliRunner

from mechgrade.authoring.build import RECORD
from mechgrade.course import Course, CourseError, Lab
from mechgrade.doors.cli import app
from mechgrade.doors.notebook import sync
from mechgrade.doors.notebook.last import FILE
from mechgrade.submissions.cells import notebook, part, section, sections

nbformat = later("nbformat")


@pytest.fixture
def lab(course: Course) -> Lab:
    return course.lab("lab3")


@pytest.fixture
def own(course: Course, tmp_path: Path) -> Course:
    """A course of the test's own, with a learner's stubs in it."""
    shutil.copytree(course.root / "exercises" / "lab3", tmp_path / "exercises" / "lab3")
    (tmp_path / "graders").symlink_to(course.root / "graders")
    return course.model_copy(update={"root": tmp_path})


def cell_of(nb: nbformat.NotebookNode, grade_id: str) -> nbformat.NotebookNode:
    return next(cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def test_stubs_survive_the_journey_to_the_byte(own: Course, lab: Lab, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in sorted(tmp_path.glob("exercises/lab3/*.py"))}
    path = tmp_path / "lab.ipynb"
    assert sync.push(own, lab, path).written == [path]
    assert sync.pull(own, lab, path).written == []
    assert sync.push(own, lab, path).written == []
    assert {path: path.read_bytes() for path in before} == before
    nbformat.validate(nbformat.read(path, as_version=4))


def test_a_notebooks_work_reaches_the_files(own: Course, lab: Lab, tmp_path: Path) -> None:
    path, file = tmp_path / "lab.ipynb", tmp_path / "exercises/lab3/find_heads.py"
    sync.push(own, lab, path)
    nb = nbformat.read(path, as_version=4)
    cell = cell_of(nb, "find_heads")
    cell.source = cell.source.replace(
        'raise NotImplementedError("find_heads: not written yet")', "return order(scores)"
    )
    at = nb.cells.index(cell)
    nb.cells.insert(2, nbformat.v4.new_code_cell("def elsewhere(x):\n    return []\nprint('not this')"))
    nb.cells.insert(at + 1, nbformat.v4.new_code_cell("def order(x):\n    return elsewhere(x)"))
    nb.cells.insert(at + 1, nbformat.v4.new_code_cell("%timeit 1\nfind_heads(torch.rand(2, 2), 0.5)"))
    nb.cells.insert(at + 1, nbformat.v4.new_markdown_cell("my *note*"))
    nbformat.write(nb, path)
    report = sync.pull(own, lab, path)
    text = file.read_text()
    assert file in report.written
    assert all(old.read_text() for old in report.backups)
    module: dict[str, object] = {}
    exec(compile(text, "find_heads", "exec"), module)
    assert module["find_heads"](None, 0) == []  # type: ignore[operator]
    for kept in ("my *note*", "# %timeit 1", "# find_heads(torch.rand(2, 2), 0.5)", "def elsewhere(x):"):
        assert kept in text
    assert text.startswith("# Generated from solutions/lab3/find_heads.py")
    assert sync.pull(own, lab, path).written == []


def test_a_files_work_reaches_the_notebook_and_outputs_stay(own: Course, lab: Lab, tmp_path: Path) -> None:
    path, file = tmp_path / "lab.ipynb", tmp_path / "exercises/lab3/find_heads.py"
    sync.push(own, lab, path)
    nb = nbformat.read(path, as_version=4)
    other = cell_of(nb, "repeated_tokens")
    other.outputs = [nbformat.v4.new_output("stream", text="kept")]
    at = nb.cells.index(cell_of(nb, "find_heads"))
    nb.cells.insert(at + 1, nbformat.v4.new_code_cell("only = 'in the notebook'"))
    nbformat.write(nb, path)
    file.write_text(file.read_text().replace('raise NotImplementedError("find_heads: not written yet")', "return []"))
    report = sync.push(own, lab, path)
    assert report.written == [path] and len(report.backups) == 1
    after = nbformat.read(path, as_version=4)
    assert "return []" in cell_of(after, "find_heads").source
    assert cell_of(after, "find_heads").metadata == cell_of(nb, "find_heads").metadata
    assert cell_of(after, "repeated_tokens").outputs[0].text == "kept"
    sources = [cell.source for cell in after.cells]
    assert sources.index("only = 'in the notebook'") == sources.index(cell_of(after, "find_heads").source) + 1
    ids = [cell.id for cell in after.cells]
    assert len(ids) == len(set(ids))
    assert [cell.source for cell in after.cells if part(cell) == "check"] == [
        cell.source for cell in nb.cells if part(cell) == "check"
    ]


LINES = st.lists(
    st.sampled_from(["x = 1", "%time x", "# %% not a cell", "", "!ls", "print('ü')", '"""', "# comment"]), max_size=6
)


def test_answers_for_a_person_stay_in_the_notebook(course: Course, tmp_path: Path) -> None:
    """A question's cells belong to no exercise: no file gets them, and a push leaves what is written in them."""
    lab = course.lab("lab2")
    shutil.copytree(course.root / "exercises" / "lab2", tmp_path / "exercises" / "lab2")
    (tmp_path / "graders").symlink_to(course.root / "graders")
    own, path = course.model_copy(update={"root": tmp_path}), tmp_path / "lab.ipynb"
    before = {path: path.read_bytes() for path in sorted(tmp_path.glob("exercises/lab2/*"))}
    sync.push(own, lab, path)
    nb = nbformat.read(path, as_version=4)
    cell_of(nb, "written-answer-defend_circuit").source = "Because of 0.9."
    nb.cells.append(nbformat.v4.new_markdown_cell("a note below the answer"))
    nbformat.write(nb, path)
    assert sync.pull(own, lab, path).written == [] and sync.push(own, lab, path).written == []
    assert {path: path.read_bytes() for path in before} == before
    nb.cells = [cell for cell in nb.cells if "question" not in cell.metadata.get("mechgrade", {})]
    nbformat.write(nb, path)  # a notebook from before the question came
    sync.push(own, lab, path)
    assert cell_of(nbformat.read(path, as_version=4), "written-answer-defend_circuit")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), LINES), max_size=4))
def test_whatever_a_learner_writes_in_cells_of_their_own_comes_back(made: list[tuple[bool, list[str]]]) -> None:
    """Through a file and back: the text of every cell, in its place."""
    cells = []
    for is_code, lines in made:
        text = "\n".join(lines).strip("\n")
        if text.strip():
            cells.append((nbformat.v4.new_code_cell if is_code else nbformat.v4.new_markdown_cell)(text))
    for cell in cells:
        if cell.cell_type == "code":
            cell.metadata["tags"] = [sync.NOTEBOOK_ONLY]
    back = sync.read_percent(sync._percent(cells))
    assert [(cell.cell_type, cell.source) for cell in back] == [(cell.cell_type, cell.source) for cell in cells]


STUB = 'raise NotImplementedError("find_heads: not written yet")'


def in_file(own: Course, old: str, new: str) -> None:
    file = own.root / "exercises/lab3/find_heads.py"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def in_notebook(path: Path, old: str, new: str) -> None:
    nb = nbformat.read(path, as_version=4)
    cell = cell_of(nb, "find_heads")
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
    nbformat.write(nb, path)


def test_what_is_newer_on_the_other_side_stays(own: Course, lab: Lab, tmp_path: Path) -> None:
    path, file = tmp_path / "lab.ipynb", tmp_path / "exercises/lab3/find_heads.py"
    sync.push(own, lab, path)
    in_file(own, STUB, "return ['file']")
    report = sync.pull(own, lab, path)
    assert (report.written, report.newer) == ([], ["lab3/find_heads.py"])
    assert "return ['file']" in file.read_text()
    assert sync.push(own, lab, path).written == [path]
    in_notebook(path, "return ['file']", "return ['notebook']")
    report = sync.push(own, lab, path)
    assert (report.written, report.newer) == ([], ["the cells of find_heads"])
    assert sync.pull(own, lab, path).written == [file]
    assert "return ['notebook']" in file.read_text()


def test_where_both_have_changed_the_learner_decides(own: Course, lab: Lab, tmp_path: Path) -> None:
    path, file = tmp_path / "lab.ipynb", tmp_path / "exercises/lab3/find_heads.py"
    sync.push(own, lab, path)
    in_file(own, STUB, "return ['file']")
    in_notebook(path, STUB, "return ['notebook']")
    for way, name in ((sync.pull, "lab3/find_heads.py"), (sync.push, "the cells of find_heads")):
        report = way(own, lab, path)
        assert (report.written, report.kept) == ([], [name])
    asked: list[str] = []
    report = sync.pull(own, lab, path, decide=lambda name: not asked.append(name))  # type: ignore[func-returns-value]
    assert asked == ["lab3/find_heads.py"]
    assert "return ['notebook']" in file.read_text()
    assert "return ['file']" in report.backups[0].read_text()


def test_nothing_is_known_of_a_notebook_that_was_handed_out(own: Course, lab: Lab, tmp_path: Path) -> None:
    path, file = tmp_path / "lab.ipynb", tmp_path / "exercises/lab3/find_heads.py"
    sync.push(own, lab, path)
    Path(os.environ["MECHGRADE_HOME"], FILE).write_text("{")
    in_notebook(path, STUB, "return ['notebook']")
    assert sync.pull(own, lab, path).kept == ["lab3/find_heads.py"]  # nobody knows who wrote what stands in the file
    shutil.copy(ROOT / "exercises" / RECORD, tmp_path / "exercises" / RECORD)
    assert sync.pull(own, lab, path).written == [file]  # it is the stub as it was built


@pytest.mark.parametrize("seed", range(3))
def test_no_edit_is_ever_lost(own: Course, lab: Lab, tmp_path: Path, seed: int) -> None:
    """Whatever is edited, pulled and pushed in which order: the last edit of a side stays until it has reached the other side."""
    lab = lab.model_copy(update={"exercises": {"find_heads": lab.exercises["find_heads"]}})
    path, file = tmp_path / "lab.ipynb", tmp_path / "exercises/lab3/find_heads.py"
    sync.push(own, lab, path)
    dice = random.Random(seed)
    text = {"file": STUB, "notebook": STUB}
    fresh = {"file": False, "notebook": False}
    for step in range(25):
        do = dice.choice(["file", "notebook", "pull", "push"])
        if do in text:
            new = f"return ['{do} {step}']"
            in_file(own, text[do], new) if do == "file" else in_notebook(path, text[do], new)
            text[do], fresh[do] = new, True
            continue
        taker, giver = ("file", "notebook") if do == "pull" else ("notebook", "file")
        (sync.pull if do == "pull" else sync.push)(own, lab, path)
        if not fresh[taker]:
            text[taker] = text[giver]
            fresh[giver] = False
        assert text["file"] in file.read_text()
        assert text["notebook"] in cell_of(nbformat.read(path, as_version=4), "find_heads").source


def test_sections_follow_the_exercises(course: Course, lab: Lab) -> None:
    first, second = list(lab.exercises.values())[:2]
    cells = section(course, first, course.stub_path(first).read_text()) + section(
        course, second, course.stub_path(second).read_text()
    )
    cells.insert(2, nbformat.v4.new_markdown_cell("mine"))
    found = dict(sections(course, lab, notebook(cells).cells))
    assert list(found) == [first, second]
    assert any(cell.source == "mine" for cell in found[first])


def test_mistakes_are_told_in_a_sentence(own: Course, lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "lab.ipynb"
    with pytest.raises(CourseError, match="there is no notebook at"):
        sync.pull(own, lab, path)
    path.write_text("{")
    with pytest.raises(CourseError, match="cannot be read as a notebook"):
        sync.pull(own, lab, path)
    nbformat.write(notebook([nbformat.v4.new_code_cell("x")]), path)
    with pytest.raises(CourseError, match="holds no exercise of lab3"):
        sync.pull(own, lab, path)
    (tmp_path / "exercises/lab3/find_heads.py").unlink()
    with pytest.raises(CourseError, match=r"find_heads\.py is missing"):
        sync.push(own, lab, path)


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    runner = CliRunner()
    path = tmp_path / "lab.ipynb"
    done = runner.invoke(app, ["notebook", "push", "lab3", str(path)])
    assert done.exit_code == 0 and f"wrote {path}" in done.output
    done = runner.invoke(app, ["notebook", "push", "lab3", str(path)])
    assert done.exit_code == 0 and "say the same already" in done.output
    in_notebook(path, STUB, "return []")
    done = runner.invoke(app, ["notebook", "push", "lab3", str(path)])
    assert (
        done.exit_code == 0 and "because it is newer: the cells of find_heads (to take it to exercises/:" in done.output
    )
    done = runner.invoke(app, ["notebook", "pull", "lab33", str(path)])
    assert done.exit_code == 2 and "there is no lab 'lab33'" in done.output
