"""Hand-ins as people really make them, and what each exercise in them deserves. Every way to be graded must agree.

``AWKWARD`` is a table. Each case writes a hand-in of lab 3 into an empty folder: its notebook, or files and notebooks.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mechgrade.course import Course
from mechgrade.course.source import read_source
from mechgrade.submissions.cells import fresh_notebook

LAB = "lab3"

#: The exercises that the cases are about. Others are as the stub has them.
NAMES = ("repeated_tokens", "find_heads")

Deserved = Literal["right", "wrong", "stub", "missing"]

#: What a grader may say of an exercise that deserves so.
VERDICTS: Mapping[Deserved, frozenset[str]] = {
    "right": frozenset(["passed"]),
    "wrong": frozenset(["wrong", "raised"]),
    "stub": frozenset(["not_started"]),
    "missing": frozenset(["missing"]),
}

#: Not the answer to anything, under the answer's name.
SCRATCH = "def find_heads(scores, threshold):\n    return 'scratch'"

Tree = dict[str, Any]

_BLANK: dict[Path, str] = {}


@dataclass(frozen=True)
class Case:
    """A hand-in.

    Attributes:
        name: what is awkward in it.
        build: writes it into an empty folder.
        find_heads: what this exercise deserves.
        repeated_tokens: likewise.
        nbgrader: whether it can be handed in at nbgrader, which takes notebooks and no files.
        kernel: whether a kernel that runs the cells from the top says the same at each check. It cannot know cells below.
    """

    name: str
    build: Callable[[Course, Path], None]
    find_heads: Deserved = "right"
    repeated_tokens: Deserved = "right"
    nbgrader: bool = True
    kernel: bool = True

    @property
    def expected(self) -> dict[str, Deserved]:
        """What each exercise deserves."""
        return {"repeated_tokens": self.repeated_tokens, "find_heads": self.find_heads}


# --- notebooks ---------------------------------------------------------------------------------------------------------


def answer(course: Course, name: str = "find_heads") -> str:
    """The reference, as a learner's cell would hold it."""
    return read_source(course, course.exercise(name, LAB)).reference


def blank(course: Course) -> Tree:
    """The lab's notebook as learners get it."""
    if course.root not in _BLANK:
        _BLANK[course.root] = fresh_notebook(
            course, course.lab(LAB), lambda exercise: read_source(course, exercise).stub
        )
    tree: Tree = json.loads(_BLANK[course.root])
    for each in tree["cells"]:
        each["source"] = "".join(each["source"])
    return tree


def done(course: Course) -> Tree:
    """The lab's notebook with right answers in it."""
    tree = blank(course)
    for name in NAMES:
        code_of(tree, name)["source"] = answer(course, name)
    return tree


def code_of(tree: Tree, name: str = "find_heads") -> Tree:
    """The cell that an answer goes into."""
    return next(each for each in tree["cells"] if each["metadata"].get("nbgrader", {}).get("grade_id") == name)


def check_of(tree: Tree, name: str = "find_heads") -> Tree:
    """The cell that checks an exercise."""
    return code_of(tree, f"{name}-check")


def code(source: str) -> Tree:
    """A cell of a learner's own."""
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def markdown(source: str) -> Tree:
    """A text of a learner's own."""
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def above(tree: Tree, cell: Tree, *new: Tree) -> None:
    """Put cells above another."""
    place = next(place for place, each in enumerate(tree["cells"]) if each is cell)
    tree["cells"][place:place] = new


def take(tree: Tree, cell: Tree) -> Tree:
    """Take a cell out."""
    tree["cells"] = [each for each in tree["cells"] if each is not cell]
    return cell


def strip(tree: Tree) -> None:
    """Take all metadata away, as a copy into another notebook does."""
    for each in tree["cells"]:
        each["metadata"] = {}
        each.pop("id", None)


def write(course: Course, folder: Path, tree: Tree, name: str | None = None, **how: Any) -> None:
    """Write a notebook by the lab's name, or by another."""
    path = folder / (name or f"{course.lab(LAB).slug}.ipynb")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tree), **{"encoding": "utf-8", **how})


def edited(
    edit: Callable[[Course, Tree], None], start: Callable[[Course], Tree] = done
) -> Callable[[Course, Path], None]:
    """A hand-in that is the lab's notebook, changed."""

    def build(course: Course, folder: Path) -> None:
        tree = start(course)
        edit(course, tree)
        write(course, folder, tree)

    return build


def with_answer(make: Callable[[str], str]) -> Callable[[Course, Path], None]:
    """A hand-in in which the cell for find_heads holds something made of the right answer."""

    def edit(course: Course, tree: Tree) -> None:
        code_of(tree)["source"] = make(answer(course))

    return edited(edit)


def at_end(*sources: str) -> Callable[[Course, Path], None]:
    """A right hand-in with cells at its end."""
    return edited(lambda course, tree: tree["cells"].extend(map(code, sources)))


def before_check(*sources: str) -> Callable[[Course, Path], None]:
    """A right hand-in with cells between the answer of find_heads and its check."""
    return edited(lambda course, tree: above(tree, check_of(tree), *map(code, sources)))


# --- edits of several lines ------------------------------------------------------------------------------------------


def _stripped(course: Course, tree: Tree) -> None:
    strip(tree)
    tree["cells"].append(code(SCRATCH))


def _stripped_short(course: Course, tree: Tree) -> None:
    for name in NAMES:
        check_of(tree, name)["source"] = f"score = check('{name}')"
    _stripped(course, tree)


def _stripped_without_checks(course: Course, tree: Tree) -> None:
    tree["cells"] = [each for each in tree["cells"] if not each["source"].startswith("check(")]
    strip(tree)


def _check_deleted(course: Course, tree: Tree) -> None:
    take(tree, check_of(tree))
    tree["cells"].append(code(SCRATCH))


def _check_at_end(course: Course, tree: Tree) -> None:
    check = take(tree, check_of(tree))
    tree["cells"].append(check)


def _check_at_end_behind_scratch(course: Course, tree: Tree) -> None:
    check = take(tree, check_of(tree))
    tree["cells"] += [code(SCRATCH), check]


def _check_at_top(course: Course, tree: Tree) -> None:
    check = take(tree, check_of(tree))
    tree["cells"].insert(2, check)


def _check_copied_to_end(course: Course, tree: Tree) -> None:
    tree["cells"] += [code(SCRATCH), copy.deepcopy(check_of(tree))]


def _check_copied_to_top(course: Course, tree: Tree) -> None:
    tree["cells"].insert(2, copy.deepcopy(check_of(tree)))
    tree["cells"].append(code(SCRATCH))


def _check_called_in_passing(course: Course, tree: Tree) -> None:
    """An own cell calls the check, further up, on a first try."""
    above(tree, code_of(tree), code(SCRATCH), code('check("lab3/find_heads")'))


def _below_only(course: Course, tree: Tree) -> None:
    answered = take(tree, code_of(tree))
    tree["cells"].append(code(answered["source"]))


def _stub_left(course: Course, tree: Tree) -> None:
    answered = code_of(tree)["source"]
    code_of(tree)["source"] = code_of(blank(course))["source"]
    tree["cells"].append(code(answered))


def _in_the_checks_cell(course: Course, tree: Tree) -> None:
    check = check_of(tree)
    check["source"] = take(tree, code_of(tree))["source"] + "\n\n" + check["source"]


def _merged_with_the_check(course: Course, tree: Tree) -> None:
    code_of(tree)["source"] += "\n\n" + take(tree, check_of(tree))["source"]
    tree["cells"].append(code(SCRATCH))


def _helper_above(course: Course, tree: Tree) -> None:
    code_of(tree, "repeated_tokens")["source"] += "\n" + answer(course).replace("def find_heads", "def from_afar")
    code_of(tree)["source"] = "def find_heads(scores, threshold):\n    return from_afar(scores, threshold)"


def _helper_below(course: Course, tree: Tree) -> None:
    tree["cells"].append(code(answer(course).replace("def find_heads", "def from_afar")))
    code_of(tree)["source"] = "def find_heads(scores, threshold):\n    return from_afar(scores, threshold)"


def _helper_used_again(course: Course, tree: Tree) -> None:
    above(tree, code_of(tree), code("def axes():\n    return 2"))
    code_of(tree)["source"] = answer(course).replace("scores.ndim != 2", "scores.ndim != axes()")
    tree["cells"].append(code("def axes():\n    return 7"))


def _constant_changed_later(course: Course, tree: Tree) -> None:
    above(tree, code_of(tree), code("AXES = 2"))
    code_of(tree)["source"] = answer(course).replace("scores.ndim != 2", "scores.ndim != AXES")
    tree["cells"].append(code("AXES = 5"))


def _constant_changed_perhaps(course: Course, tree: Tree) -> None:
    above(tree, code_of(tree), code("AXES = 2\nBIG = False"), code("if BIG:\n    AXES = 3"))
    code_of(tree)["source"] = answer(course).replace("scores.ndim != 2", "scores.ndim != AXES")


def _table_filled_later(course: Course, tree: Tree) -> None:
    above(tree, code_of(tree), code("SIZES = {}"), code("SIZES['axes'] = 1\nSIZES['axes'] += 1"))
    code_of(tree)["source"] = answer(course).replace("scores.ndim != 2", "scores.ndim != SIZES['axes']")


def _decorated(course: Course, tree: Tree) -> None:
    own = "import functools\n\n\ndef traced(f):\n    @functools.wraps(f)\n    def g(*a, **k):\n        return f(*a, **k)\n    return g"
    above(tree, code_of(tree), code(own))
    code_of(tree)["source"] = answer(course).replace("def find_heads", "@traced\ndef find_heads")


def _syntax_error_elsewhere(course: Course, tree: Tree) -> None:
    above(tree, code_of(tree), code("for layer in range(3)\n    print(layer)"))
    tree["cells"].append(code("print 'done'"))


def _syntax_error_then_scratch(course: Course, tree: Tree) -> None:
    code_of(tree)["source"] = answer(course).replace("if scores.ndim != 2:", "if scores.ndim != 2")
    tree["cells"].append(code(SCRATCH))


def _pasted_into_text(course: Course, tree: Tree) -> None:
    code_of(tree)["source"] = code_of(blank(course))["source"]
    above(
        tree,
        check_of(tree),
        markdown(f"```python\n{answer(course)}```"),
        {**markdown(answer(course)), "cell_type": "raw"},
    )


def _turned_into_text(course: Course, tree: Tree) -> None:
    cell = code_of(tree)
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


def _old_format(course: Course, tree: Tree) -> None:
    for each in tree["cells"]:
        each.pop("id", None)
        if each["cell_type"] == "code":
            each["input"] = each.pop("source").splitlines(keepends=True)
            each["language"] = "python"
            each.pop("execution_count")
    cells = tree.pop("cells")
    tree |= {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells[:9]}, {"cells": cells[9:]}]}


def _odd_cells(course: Course, tree: Tree) -> None:
    tree["cells"][4:4] = [
        {"cell_type": "poem", "source": "…"},
        "text",  # type: ignore[list-item]
        {"cell_type": "code", "source": 3},
        {**code("1/0"), "metadata": "none"},
        {**code("1/0"), "metadata": {"nbgrader": "x", "mechgrade": [], "tags": 7}},
        {**code("1/0"), "metadata": {"nbgrader": {"grade_id": []}, "mechgrade": {"exercise": 5, "part": {}}}},
        {**code("x = '\ud800'"), "outputs": "none"},
    ]
    code_of_answer = next(
        each for each in tree["cells"] if isinstance(each, dict) and "def find_heads" in str(each["source"])
    )
    code_of_answer["metadata"] = "lost"


def _huge_data(course: Course, tree: Tree) -> None:
    tree["cells"].insert(2, code("DATA = [\n" + "    0.123456789,\n" * 100_000 + "]"))


def _many_small_statements(course: Course, tree: Tree) -> None:
    tree["cells"].insert(2, code("a = 1\n" + "a = a\n" * 6_000))


# --- hand-ins of several files ---------------------------------------------------------------------------------------


def _two_notebooks(course: Course, folder: Path) -> None:
    write(course, folder, blank(course), "Untitled.ipynb")
    write(course, folder, done(course), "Untitled1.ipynb")


def _two_notebooks_one_named(course: Course, folder: Path) -> None:
    tree = done(course)
    code_of(tree)["source"] = SCRATCH
    write(course, folder, tree, "Another.ipynb")
    write(course, folder, done(course))


def _of_another_subject(course: Course, folder: Path) -> None:
    write(course, folder, {"cells": [code("def find_tails(): pass")] * 50}, "A.ipynb")
    write(course, folder, done(course), f"{course.lab(LAB).slug} (1).ipynb")
    (folder / "B.ipynb").write_text("{")


def _another_name(course: Course, folder: Path) -> None:
    write(course, folder, done(course), "deep/down/Untitled.ipynb")


def _checkpoints(course: Course, folder: Path) -> None:
    tree = blank(course)
    write(course, folder, tree, f".ipynb_checkpoints/{course.lab(LAB).slug}.ipynb")
    write(course, folder, tree, ".ipynb_checkpoints/Untitled-checkpoint.ipynb")
    write(course, folder, tree, "__MACOSX/Untitled.ipynb")
    write(course, folder, done(course), "Untitled.ipynb")


def _file(course: Course, folder: Path, path: str, text: str, **how: Any) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, **{"encoding": "utf-8", **how})


def _files(course: Course, folder: Path) -> None:
    """As the course has them, with a byte order mark and with the line breaks of Windows."""
    _file(course, folder, "exercises/lab3/find_heads.py", answer(course), encoding="utf-8-sig")
    _file(course, folder, "exercises/lab3/repeated_tokens.py", answer(course, "repeated_tokens"), newline="\r\n")


def _two_of_one_name(course: Course, folder: Path) -> None:
    _files(course, folder)
    _file(course, folder, "find_heads.py", SCRATCH)
    _file(course, folder, "lab1/find_heads.py", SCRATCH)


def _file_beside_notebook(course: Course, folder: Path) -> None:
    tree = done(course)
    code_of(tree)["source"] = SCRATCH
    write(course, folder, tree)
    _file(course, folder, "find_heads.py", answer(course))


def _whole_course_folder(course: Course, folder: Path) -> None:
    """Who worked in the notebook hands in the stubs as well."""
    write(course, folder, done(course), f"notebooks/{course.lab(LAB).slug}.ipynb")
    for exercise in course.lab(LAB).exercises.values():
        _file(course, folder, f"exercises/{exercise}.py", read_source(course, exercise).stub)


def _folder_named_like_a_notebook(course: Course, folder: Path) -> None:
    _files(course, folder)
    (folder / "notes.ipynb").mkdir()
    (folder / f"{course.lab(LAB).slug}.ipynb").mkdir()


def _links(course: Course, folder: Path) -> None:
    """The first leads out of the hand-in, to what its learner may not read."""
    _file(course, folder, "mine/repeated_tokens.py", answer(course, "repeated_tokens"))
    (folder / "lab3").mkdir()
    (folder / "lab3/find_heads.py").symlink_to(course.solution_path(course.exercise("find_heads")))
    (folder / "lab3/repeated_tokens.py").symlink_to("../mine/repeated_tokens.py")


def _linked_notebook(course: Course, folder: Path) -> None:
    write(course, folder.parent / f"{folder.name}-elsewhere", done(course))
    name = f"{course.lab(LAB).slug}.ipynb"
    (folder / name).symlink_to(folder.parent / f"{folder.name}-elsewhere" / name)


def _bytes(body: bytes) -> Callable[[Course, Path], None]:
    return lambda course, folder: (folder / f"{course.lab(LAB).slug}.ipynb").write_bytes(body) and None


def _nothing(name: str, build: Callable[[Course, Path], None], **more: Any) -> Case:
    return Case(name, build, "missing", "missing", kernel=False, **more)


def _marked(course: Course, folder: Path) -> None:
    write(course, folder, done(course), encoding="utf-8-sig")


def _other_breaks(course: Course, tree: Tree) -> None:
    for place, each in enumerate(tree["cells"]):
        each["source"] = each["source"].replace("\n", "\r\n" if place % 2 else "\r")


def _lists(course: Course, tree: Tree) -> None:
    for each in tree["cells"]:
        each["source"] = each["source"].splitlines(keepends=True)


AWKWARD: tuple[Case, ...] = (
    Case("right", edited(lambda course, tree: None)),
    Case("not begun", edited(lambda course, tree: None, blank), "stub", "stub"),
    # Cells of the learner's own.
    Case("scratch cell at the end", at_end(SCRATCH)),
    Case("scratch cell before the check", before_check(SCRATCH), "wrong"),
    Case("name reused as a variable after the check", at_end("find_heads = find_heads(torch.rand(2, 3), 0.5)")),
    Case(
        "name reused as a variable before the check",
        before_check("find_heads = find_heads(torch.rand(2, 3), 0.5)"),
        "wrong",
    ),
    Case("name deleted at the end", at_end("del find_heads")),
    Case("endless loop and other trials", at_end("while True:\n    pass", "1/0", "import no_such_module")),
    Case("star import of nothing at the end", at_end("from no_such_module import *")),
    Case("syntax error elsewhere", edited(_syntax_error_elsewhere)),
    Case("huge cell of data", edited(_huge_data)),
    Case("many small statements", edited(_many_small_statements)),
    # Metadata and checks.
    Case("metadata stripped", edited(_stripped)),
    Case("metadata stripped, checks by another word", edited(_stripped_short)),
    Case("metadata stripped, no checks", edited(_stripped_without_checks), kernel=False),
    Case("check deleted", edited(_check_deleted), kernel=False),
    Case("check moved to the end", edited(_check_at_end)),
    Case("check moved to the end behind a scratch cell", edited(_check_at_end_behind_scratch), "wrong"),
    Case("check moved to the top", edited(_check_at_top), kernel=False),
    Case("check copied to the end", edited(_check_copied_to_end), kernel=False),
    Case("check copied to the top", edited(_check_copied_to_top), kernel=False),
    Case("check called in passing", edited(_check_called_in_passing), kernel=False),
    Case("answer in the check's cell", edited(_in_the_checks_cell)),
    Case("check merged into the answer's cell", edited(_merged_with_the_check)),
    # Where the answer is, and what it is.
    Case("defined twice in its cell", with_answer(lambda text: f"{SCRATCH}\n\n\n{text}")),
    Case("defined below the check only", edited(_below_only), kernel=False),
    Case("defined below the check, stub left", edited(_stub_left), kernel=False),
    Case("helper in another exercise's cell", edited(_helper_above)),
    Case("helper below", edited(_helper_below), kernel=False),
    Case("helper's name used again", edited(_helper_used_again)),
    Case("constant changed later", edited(_constant_changed_later)),
    Case("constant changed perhaps", edited(_constant_changed_perhaps)),
    Case("table filled later", edited(_table_filled_later)),
    Case(
        "magics and shell lines",
        with_answer(lambda text: f"%matplotlib inline\n!pip list\nfiles = !ls\nx = (7\n  % 2)\n{text}\nfind_heads?\n"),
    ),
    Case("cell magic", with_answer(lambda text: f"%%time\n{text}")),
    Case("syntax error in the answer", with_answer(lambda text: text.replace("ndim != 2:", "ndim != 2")), "wrong"),
    Case("syntax error in the answer, scratch cell", edited(_syntax_error_then_scratch), "wrong"),
    Case("async", with_answer(lambda text: text.replace("def find_heads", "async def find_heads")), "wrong"),
    Case("decorated", edited(_decorated)),
    Case(
        "an object that can be called",
        with_answer(
            lambda text: (
                text.replace("def find_heads", "def _find")
                + "\n\n\nclass Finder:\n    def __call__(self, scores, threshold):\n        return _find(scores, threshold)\n\n\n"
                "find_heads = Finder()"
            )
        ),
    ),
    Case(
        "lambda",
        with_answer(
            lambda text: (
                text.replace("def find_heads", "def _find")
                + "\n\n\nfind_heads = lambda scores, threshold: _find(scores, threshold)"
            )
        ),
    ),
    Case("renamed", with_answer(lambda text: text.replace("def find_heads", "def my_find_heads")), "missing"),
    Case(
        "defined under a condition",
        with_answer(lambda text: "if True:\n" + "".join(f"    {line}\n" for line in text.splitlines())),
    ),
    Case("from __future__", with_answer(lambda text: f"from __future__ import annotations\n\n{text}")),
    Case(
        "star import",
        with_answer(
            lambda text: "from math import *\n" + text.replace("scores.ndim != 2", "scores.ndim != floor(2.5)")
        ),
    ),
    Case("two statements on the first line", with_answer(lambda text: f"print('hello'); AXES = [\n    2\n]\n{text}")),
    Case("pasted into text", edited(_pasted_into_text), "stub"),
    Case("code cell turned into text", edited(_turned_into_text), kernel=False),
    # The file.
    Case("format 3", edited(_old_format)),
    Case("sources as lists", edited(_lists)),
    Case("other line breaks", edited(_other_breaks)),
    Case("byte order mark", _marked),
    Case("odd cells", edited(_odd_cells)),
    _nothing("no cells", edited(lambda course, tree: tree["cells"].clear())),
    _nothing("cells that are a number", _bytes(b'{"cells": 5, "nbformat": 4}')),
    _nothing("JSON and no notebook", _bytes(b"[1, 2]")),
    _nothing("deeply nested JSON", _bytes(b"[" * 100_000)),
    _nothing("no JSON", _bytes(b'{"cells": [')),
    _nothing("not UTF-8", _bytes('{"cells": []}'.encode("utf-16"))),
    _nothing("empty file", _bytes(b"")),
    _nothing("link to another's notebook", _linked_notebook),
    # More than one file.
    Case("two notebooks", _two_notebooks, kernel=False),
    Case("two notebooks, one named like the lab", _two_notebooks_one_named, kernel=False),
    Case("a copy by the browser, beside others", _of_another_subject, kernel=False),
    Case("one notebook of another name", _another_name, kernel=False),
    Case("checkpoints", _checkpoints, kernel=False),
    Case("files", _files, nbgrader=False, kernel=False),
    Case("two files of one name", _two_of_one_name, nbgrader=False, kernel=False),
    Case("file beside a notebook", _file_beside_notebook, nbgrader=False, kernel=False),
    Case("stubs beside a notebook", _whole_course_folder, nbgrader=False, kernel=False),
    Case("folder named like a notebook", _folder_named_like_a_notebook, nbgrader=False, kernel=False),
    Case("links", _links, "missing", nbgrader=False, kernel=False),
)
