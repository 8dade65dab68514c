"""What a result depends on: each file of it is touched in turn, and every consumer that must notice does; no other does."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from support import ROOT

import mechgrade
from mechgrade.authoring import ledger
from mechgrade.authoring.stale import stale
from mechgrade.cohort.keys import bases
from mechgrade.course import Course, load_course
from mechgrade.grading import dependencies, imports, recordings
from mechgrade.grading.dependencies import Dependencies
from mechgrade.grading.look import Look
from mechgrade.grading.options import Options
from mechgrade.grading.warm.fingerprint import fingerprint

pytestmark = pytest.mark.long

#: One that imports a helper of the course; one with prompts; one with the SAE and random ones.
HEADS, IOI, LATENTS = "find_heads", "logit_difference", "latent_activations"
LABS = {HEADS: "lab3", IOI: "lab2", LATENTS: "lab4"}
ALL = frozenset(LABS)

OPTIONS = Options("embedded")
AUDITED = ("bridge", 1)
CHANGED = "\nchanged = True\n"


@dataclass(frozen=True)
class Noticed:
    """Who notices a change: whose recording is stale, whose audit is outdated, whose key is another, the worker, a run over a class."""

    recordings: frozenset[str] = frozenset()
    audits: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    worker: bool = False
    run: bool = False


NOBODY = Noticed()


def noticed(recorded: set[str] | frozenset[str], verdicts: set[str] | frozenset[str], worker: bool = False) -> Noticed:
    """Of a file that decides these recordings, and these audits and keys; while it is graded it must stay as it is."""
    return Noticed(frozenset(recorded), frozenset(verdicts), frozenset(verdicts), worker, run=True)


@dataclass
class Ground:
    """A course and an engine that a test may spoil, and what the consumers had before."""

    root: Path
    course: Course = field(init=False)

    def __post_init__(self) -> None:
        self.course = load_course(self.root)
        exercises = self.course.exercises()
        with Look(self.root) as look:
            found = Dependencies(self.course, None, look)
            for exercise in exercises:
                path = recordings.path_of(self.root, "embedded", exercise.lab, exercise.name)
                recording = recordings.read(path)
                recording.provenance = found.recording(exercise)
                recordings.write(path, recording)
        hashes = ledger.fingerprints(self.course, exercises)
        self.ledger = {AUDITED: {str(exercise): value for exercise, value in hashes.items()}}
        self.look = Look(self.root)
        self.keys = bases(self.course, exercises, OPTIONS, self.look)
        self.fingerprint = fingerprint(self.course, "full")

    def engine(self, name: str) -> Path:
        """A file of the copied engine."""
        return imports.PACKAGE / name

    def noticed(self) -> Noticed:
        """Ask every consumer."""
        course = load_course(self.root)
        exercises = course.exercises()
        keys = bases(course, exercises, OPTIONS)
        return Noticed(
            frozenset(each.name for each in exercises if stale(course, [each], "embedded")),
            frozenset(each.name for each in ledger.outdated(course, self.ledger, *AUDITED)),
            frozenset(each.name for each in exercises if self._key(keys, each.name) != self._key(self.keys, each.name)),
            fingerprint(course, "full") != self.fingerprint,
            not self.look.unchanged(),
        )

    @staticmethod
    def _key(keys: dict[object, str], name: str) -> str:
        return next(value for exercise, value in keys.items() if exercise.name == name)  # type: ignore[attr-defined]


def copy_course(root: Path) -> None:
    """The project's course cut down to the three exercises; one grader imports a module of the course, inside a function."""
    document = yaml.safe_load((ROOT / "course.yaml").read_text())
    document["labs"] = {lab: document["labs"][lab] for lab in LABS.values()}
    for name, lab in LABS.items():
        document["labs"][lab]["exercises"] = {name: document["labs"][lab]["exercises"][name]}
        document["labs"][lab].pop("merged", None)
        for part in (
            f"graders/{lab}/test_{name}.py",
            f"solutions/{lab}/{name}.py",
            f"solutions/{lab}/variants/{name}.py",
        ):
            (root / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / part, root / part)
        for suffix in (".json", ".safetensors"):
            part = f"fixtures/recorded/embedded/{lab}/{name}{suffix}"
            (root / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / part, root / part)
    document["models"] = {"embedded": document["models"]["embedded"]}
    document["pages"] = []
    document["modules"] = ["interp", "shared"]
    document["data"] = ["given.txt", "tables"]
    (root / "given.txt").write_text("1\n")
    (root / "tables").mkdir()
    (root / "tables" / "more.csv").write_text("a,b\n")
    shutil.copytree(ROOT / "interp", root / "interp", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "course.yaml").write_text(yaml.safe_dump(document))
    for part in ("models", "saes"):
        shutil.copytree(ROOT / "fixtures" / part, root / "fixtures" / part)
    (root / "shared").mkdir()
    (root / "shared" / "words.py").write_text("from .more import WORDS\n")
    (root / "shared" / "more.py").write_text("WORDS = ['a']\n")
    (root / "shared" / "other.py").write_text("WORDS = ['b']\n")
    (root / "shared" / "table.json").write_text("{}\n")
    for part in ("README.md", "shared/README.md"):
        (root / part).write_text("Words.\n")
    (root / f"graders/lab3/test_{HEADS}.py").open("a").write(
        "\n\ndef words():\n    from shared.words import WORDS\n\n    return WORDS\n"
    )
    (root / f"graders/lab2/test_{HEADS}.py").write_text("# of another lab\n")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course and the engine, copied once."""
    folder = tmp_path_factory.mktemp("pristine")
    (folder / "course").mkdir()
    copy_course(folder / "course")
    package = Path(mechgrade.__file__).parent
    shutil.copytree(package, folder / "engine" / "mechgrade", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def ground(pristine: Path) -> Iterator[Ground]:
    """The ground; a test leaves it as it was, see :func:`change`."""
    package = pristine / "engine" / "mechgrade"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "PACKAGE", package)
        patch.setattr(dependencies, "PACKAGE", package)
        yield Ground(pristine / "course")


@pytest.fixture
def change(ground: Ground) -> Iterator[Callable[[Path, Callable[[Path], None]], None]]:
    """Change a file, and put it back after the test."""
    before: dict[Path, bytes | None] = {}

    def call(path: Path, how: Callable[[Path], None]) -> None:
        before[path] = path.read_bytes() if path.exists() else None
        how(path)

    yield call
    for path, body in before.items():
        path.unlink()
        if body is not None:
            path.write_bytes(body)
    # What is put back has other times than before.
    ground.look = Look(ground.root)
    assert bases(ground.course, ground.course.exercises(), OPTIONS, ground.look) == ground.keys


def statement(path: Path) -> None:
    """A statement more; in a new file, the only one."""
    path.write_text((path.read_text() if path.exists() else "") + CHANGED)


def comment(path: Path) -> None:
    path.write_text(path.read_text() + "\n# A remark.\n")


def turned_line_ends(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def byte(path: Path) -> None:
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b" x")


def doubled(path: Path) -> None:
    """All weights twice as large, in a file of the same size."""
    from safetensors.torch import load_file, save_file  # NumPy's has no bfloat16

    size = path.stat().st_size
    save_file({name: 2 * values for name, values in load_file(path).items()}, path, _metadata(path))
    assert path.stat().st_size == size


def _metadata(path: Path) -> dict[str, str] | None:
    body = path.read_bytes()
    header = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])
    found: dict[str, str] | None = header.get("__metadata__")
    return found


def in_reference(path: Path) -> None:
    path.write_text(path.read_text().replace("### BEGIN SOLUTION\n", "### BEGIN SOLUTION\n    changed = True\n", 1))


def replaced(old: str, new: str) -> Callable[[Path], None]:
    def call(path: Path) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return call


def excused(path: Path) -> None:
    path.write_text(f"{HEADS}: {{a mutant: a reason}}\n")


def with_sae(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    document["labs"]["lab3"]["uses"] = ["sae"]
    path.write_text(yaml.safe_dump(document))


COURSE = [
    (f"graders/lab3/test_{HEADS}.py", statement, noticed({HEADS}, {HEADS})),
    ("graders/lab3/helpers.py", statement, noticed({HEADS}, {HEADS})),
    ("shared/words.py", statement, noticed({HEADS}, {HEADS})),
    ("shared/more.py", statement, noticed({HEADS}, {HEADS})),
    ("shared/__init__.py", statement, noticed({HEADS}, {HEADS})),
    ("shared/table.json", byte, noticed({HEADS}, {HEADS})),  # its modules may read it
    ("given.txt", byte, noticed(ALL, ALL)),  # course.yaml says that scenarios may read it
    ("tables/more.csv", byte, noticed(ALL, ALL)),
    ("interp/saes.py", statement, noticed({LATENTS}, {LATENTS})),
    ("interp/prompts.py", statement, noticed({IOI}, {IOI})),
    ("interp/words.py", statement, noticed({IOI}, {IOI})),
    ("graders/conftest.py", statement, noticed(ALL, ALL)),
    ("graders/lab3/conftest.py", statement, noticed({HEADS}, {HEADS})),
    ("fixtures/models/embedded/model.safetensors", doubled, noticed(ALL, ALL, worker=True)),
    ("fixtures/models/embedded/tokenizer.json", byte, noticed(ALL, ALL, worker=True)),
    ("fixtures/saes/embedded/sae_weights.safetensors", doubled, noticed({LATENTS}, {LATENTS}, worker=True)),
    ("fixtures/saes/embedded/cfg.json", byte, noticed({LATENTS}, {LATENTS}, worker=True)),
    # A recording is one file in two; where one was changed by hand it is corrupt, and that is told of the recording too.
    (f"fixtures/recorded/embedded/lab3/{HEADS}.json", byte, noticed({HEADS}, {HEADS})),
    (f"fixtures/recorded/embedded/lab3/{HEADS}.safetensors", byte, noticed({HEADS}, {HEADS})),
    # Public inputs are judged by what was recorded of these.
    (f"solutions/lab3/{HEADS}.py", in_reference, Noticed(frozenset({HEADS}), frozenset({HEADS}))),
    (f"solutions/lab3/variants/{HEADS}.py", replaced("return", "return 1 and"), Noticed({HEADS}, {HEADS})),
    ("solutions/lab3/variants/equivalent.yaml", excused, Noticed(audits=frozenset({HEADS}))),
    # A run over a class holds course.yaml in memory.
    ("course.yaml", replaced("points: 10\n", "points: 11\n"), Noticed(audits=frozenset({IOI}), keys=frozenset({IOI}))),
    ("course.yaml", replaced("memory_mb: 2048", "memory_mb: 1024"), Noticed(ALL, ALL, ALL)),
    ("course.yaml", replaced("  seconds: 20", "  seconds: 21"), Noticed(frozenset(), ALL, ALL)),
    ("course.yaml", with_sae, Noticed({HEADS}, {HEADS}, {HEADS})),
]

ENGINE = [
    ("worker/runner.py", noticed(ALL, ALL, worker=True)),
    ("worker/exercise.py", noticed(ALL, ALL, worker=True)),
    ("worker/learner.py", noticed(ALL, ALL, worker=True)),  # it sets the seeds
    ("bench/__init__.py", noticed(ALL, ALL, worker=True)),
    # Found by the name in course.yaml, and not imported by the worker's own code.
    ("bench/torch/bench.py", noticed(ALL, ALL, worker=True)),
    ("bench/torch/determinism.py", noticed(ALL, ALL, worker=True)),
    ("bench/transformer_lens/__init__.py", noticed(ALL, ALL, worker=True)),
    ("bench/transformer_lens/bench.py", noticed(ALL, ALL, worker=True)),
    ("bench/transformer_lens/processing.py", noticed(ALL, ALL, worker=True)),
    ("protocol/wire.py", noticed(ALL, ALL, worker=True)),
    # The sandbox and the fork server let data pass as it is.
    ("sandbox/__init__.py", noticed(set(), ALL, worker=True)),
    ("sandbox/libc.py", noticed(set(), ALL, worker=True)),
    ("worker/fork_server.py", noticed(set(), ALL, worker=True)),
    ("bench/providers.py", noticed(set(), ALL, worker=True)),
    ("grading/compare.py", noticed(set(), ALL)),
    ("grading/judge.py", noticed(set(), ALL)),
    ("grading/plugin.py", noticed(set(), ALL)),
    ("grading/checks.py", noticed(set(), ALL)),
    ("grading/worker.py", noticed(set(), ALL)),
    ("submissions/submission.py", noticed(set(), ALL)),
]

Change = Callable[[Path, Callable[[Path], None]], None]


@pytest.mark.parametrize(("name", "how", "expected"), COURSE)
def test_a_file_of_the_course(
    ground: Ground, change: Change, name: str, how: Callable[[Path], None], expected: Noticed
) -> None:
    change(ground.root / name, how)
    assert ground.noticed() == expected


@pytest.mark.parametrize(("name", "expected"), ENGINE)
def test_a_file_of_the_engine(ground: Ground, change: Change, name: str, expected: Noticed) -> None:
    change(ground.engine(name), statement)
    assert ground.noticed() == expected


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("README.md", byte),
        ("docs.md", byte),
        ("graders/lab3/hints.yaml", byte),
        ("graders/lab3/.helpers.py.swp", byte),
        ("conftest.py", statement),
        (f"graders/lab2/test_{HEADS}.py", statement),
        ("fixtures/models/embedded/README.md", byte),
        (f"solutions/lab3/{HEADS}.py", comment),
        (f"solutions/lab3/variants/{HEADS}.py", comment),
        (f"solutions/lab3/{HEADS}.py", turned_line_ends),
        ("course.yaml", comment),
        ("course.yaml", replaced("title: ", "title: Another ")),
        ("engine/reports/html.py", statement),
        ("engine/doors/cli/grade.py", statement),
        ("engine/bench/transformer_lens/doctor.py", statement),
        ("engine/authoring/build.py", statement),
        ("engine/cohort/run.py", statement),
        ("engine/progress/progress.py", statement),
        ("interp/train.py", statement),
        ("interp/facts/gpt2-small.yaml", byte),
        ("shared/other.py", statement),
        ("shared/README.md", byte),
        ("words.py", statement),  # course.yaml does not name it
    ],
)
def test_what_decides_nothing(ground: Ground, change: Change, name: str, how: Callable[[Path], None]) -> None:
    path = ground.engine(name.removeprefix("engine/")) if name.startswith("engine/") else ground.root / name
    change(path, how)
    assert ground.noticed() == NOBODY


@pytest.mark.parametrize("how", [comment, turned_line_ends])
@pytest.mark.parametrize(
    "name", [f"graders/lab3/test_{HEADS}.py", "engine/worker/runner.py", "engine/grading/compare.py"]
)
def test_what_python_does_not_see(ground: Ground, change: Change, name: str, how: Callable[[Path], None]) -> None:
    """It makes nothing stale. Only a run over a class stops: a file that is written may have been another one in between."""
    path = ground.engine(name.removeprefix("engine/")) if name.startswith("engine/") else ground.root / name
    change(path, how)
    assert ground.noticed() == Noticed(run=True)


def test_line_ends_of_data_do_not_count(ground: Ground, change: Change) -> None:
    """A checkout may turn those of text."""
    change(ground.root / "fixtures/models/embedded/config.json", turned_line_ends)
    assert ground.noticed() == Noticed(run=True)


def test_every_file_of_the_closure(ground: Ground, change: Change) -> None:
    """Whatever is looked at counts for the keys, but for what only recordings or audits look at."""
    look = Look(ground.root)
    exercise = ground.course.exercise(LATENTS)
    before = Dependencies(ground.course, None, look).verdict(exercise)
    paths = look.found()
    names = {path.relative_to(imports.PACKAGE).as_posix() for path in paths if path.is_relative_to(imports.PACKAGE)}
    assert len(names) > 50 and {"worker/runner.py", "bench/transformer_lens/model.py", "sandbox/landlock.py"} <= names
    assert not {name for name in names if name.split("/")[0] in ("reports", "doors", "cohort", "authoring")}
    for path in paths:
        body = path.read_bytes()
        (statement if path.suffix == ".py" else byte)(path)
        after = Dependencies(ground.course, None, Look(ground.root)).verdict(exercise)
        path.write_bytes(body)
        assert after != before or path == imports.PACKAGE / "__init__.py", path
    ground.look = Look(ground.root)
    bases(ground.course, ground.course.exercises(), OPTIONS, ground.look)


def test_what_is_really_imported_is_in_the_closure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held against Python itself, which follows no syntax trees: what a worker and a grader have in memory."""
    monkeypatch.setattr(imports, "PACKAGE", Path(mechgrade.__file__).parent)
    monkeypatch.setattr(dependencies, "PACKAGE", Path(mechgrade.__file__).parent)
    code = (
        "import sys, mechgrade.grading.grade, mechgrade.grading.plugin, mechgrade.grading.worker, mechgrade.worker.learner, mechgrade.worker.fork_server\n"
        "print(*(each.__file__ for name, each in sys.modules.items() if name.split('.')[0] == 'mechgrade'))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    really = set(done.stdout.split())
    look = Look(ROOT)
    course = load_course(ROOT)
    Dependencies(course, None, look).verdict(course.exercise(HEADS))
    assert len(really) > 50
    assert really <= set(map(str, look.found()))


def test_another_version_of_the_engine(ground: Ground, change: Change) -> None:
    """The number alone changes nothing; and nothing that decides anything may stand beside it."""
    text = Path(mechgrade.__file__).read_text()
    assert re.fullmatch(r'"""[^"]*"""\n\n__version__ = "[^"]*"\n', text)
    change(ground.engine("__init__.py"), statement)
    assert ground.noticed() == Noticed(run=True)


# --- the holes that were measured --------------------------------------------------------------------------------------------


def mechgrade_record_check(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mechgrade.doors.cli", "record", "--check"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=120)


def test_doubled_weights_of_the_sae_make_recordings_stale(ground: Ground, change: Change) -> None:
    done = mechgrade_record_check(ground.root)
    assert (done.returncode, done.stdout) == (0, "3 recordings on embedded are up to date\n"), done.stderr
    change(ground.root / "fixtures/saes/embedded/sae_weights.safetensors", doubled)
    done = mechgrade_record_check(ground.root)
    assert done.returncode == 1
    path = f"fixtures/recorded/embedded/lab4/{LATENTS}.json"
    assert done.stdout == f"{path}: sae changed since it was recorded\n1 stale\n"


Found = dict[str, tuple[dict[str, str], dict[str, str]]]


def found_in(course: Course) -> Found:
    """What the recording and the verdict of each exercise depend on."""
    each = Dependencies(course, None, Look(course.root))
    return {one.name: (each.recording(one), each.verdict(one)) for one in course.exercises()}


@pytest.fixture(scope="module")
def whole(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Found]:
    """A copy of the whole course, and what it depends on: to find that takes seconds."""
    root = tmp_path_factory.mktemp("whole")
    for part in ("graders", "solutions", "interp", "fixtures"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "course.yaml", root)
    course = load_course(root)
    return course, found_in(course)


@pytest.mark.parametrize(
    ("module", "function", "users"),
    [
        ("interp/saes.py", "random_sae", r"from interp\.saes"),
        ("interp/prompts.py", "ioi_prompts", r"from interp\.(prompts|labels)"),
    ],
)
def test_what_graders_import_of_the_course(
    whole: tuple[Course, Found], change: Change, module: str, function: str, users: str
) -> None:
    """Over the whole course: the users of a module, found in their text, are touched, and no others are."""
    course, before = whole
    expected = {one.name for one in course.exercises() if re.search(users, course.grader_path(one).read_text())}
    assert 5 <= len(expected) < 20
    change(course.root / module, replaced(f"def {function}(", f"@changed\ndef {function}("))
    after = found_in(course)
    for part in (0, 1):
        assert {name for name in before if after[name][part] != before[name][part]} == expected
    changed = {key for name in expected for key in before[name][0] if before[name][0][key] != after[name][0].get(key)}
    assert changed == {module}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from interp.prompts import ioi_prompts\n", {"__init__", "prompts", "corpus", "words"}),
        (
            "def f():\n    from interp import (\n        saes,\n        words as w,\n    )\n",
            {"__init__", "saes", "words"},
        ),
        ("import interp.words, torch\n", {"__init__", "words"}),
        ('importlib.import_module("interp.words")', {"__init__", "words"}),
        ("import interp\n", {"__init__"}),
        ("from interp.nothing.words import x\n", {"__init__"}),
        ("interpret = reinterp.words\nfrom mechgrade.bench import open_bench\n", set()),
        ("import torch\n", set()),
    ],
)
def test_what_a_learners_text_imports(ground: Ground, text: str, expected: set[str]) -> None:
    """A learner's file may import the course's modules, so its result depends on these too."""
    found = Dependencies(ground.course, None, Look(ground.root)).text(text)
    assert set(found) == {f"interp/{name}.py" for name in expected}


def test_a_text_of_many_names_is_no_trouble(ground: Ground) -> None:
    """Nobody can make the instructor's machine look for a million files."""
    look = Look(ground.root)
    names = ", ".join(f"n{number}" for number in range(50_000))
    long = ".".join(["interp"] * 50_000)
    start = time.process_time()
    Dependencies(ground.course, None, look).text(f"from interp import {names}\n{long}\n" + "interp " * 50_000)
    assert time.process_time() - start < 5
    assert len(look.found()) < 200 and len(look._stamps) < 1000


# --- versions, hidden inputs, what is not there ------------------------------------------------------------------------------


def test_another_version_of_a_library(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording is used with its noise floor on other versions, and says which made it; a class is graded anew."""
    exercise = ground.course.exercise(HEADS)
    path = recordings.path_of(ground.root, "embedded", exercise.lab, exercise.name)
    known = dependencies._version
    assert recordings.read(path).provenance["torch"] == known("torch")
    names = dependencies.versions(ground.course)
    assert {"python", "pytest", "torch", "transformers"} <= names
    assert names <= set(Dependencies(ground.course, None, Look(ground.root)).verdict(exercise))
    for name in sorted(names):
        monkeypatch.setattr(dependencies, "_version", lambda each, one=name: "0.1" if each == one else known(each))
        assert ground.noticed() == Noticed(keys=ALL), name


def test_what_a_version_is() -> None:
    assert dependencies._version("python") == platform.python_version()
    assert dependencies._version("pytest") == pytest.__version__
    assert "+" not in dependencies._version("torch")
    assert dependencies._version("no such package") == "not installed"


def test_hidden_inputs_need_the_programs(ground: Ground, change: Change) -> None:
    """The reference runs live on them. So it does on a model that nothing was recorded on."""
    exercise = ground.course.exercise(HEADS)
    ways = [("embedded", True), ("hub:gpt2", False)]

    def found() -> list[dict[str, str]]:
        return [Dependencies(ground.course, name, Look(ground.root)).verdict(exercise, hidden) for name, hidden in ways]

    before = found()
    assert "recording" in before[0] and "recording" not in before[1]
    for name in (f"solutions/lab3/{HEADS}.py", f"solutions/lab3/variants/{HEADS}.py"):
        change(ground.root / name, statement)
        for then, now in zip(before, found(), strict=True):
            assert {each for each in now if now[each] != then.get(each)} == {name}
        before = found()


def test_a_grader_that_is_gone_or_does_not_parse(ground: Ground, change: Change) -> None:
    """It is another grader than before, and no reason to stop."""
    change(ground.root / f"graders/lab3/test_{HEADS}.py", lambda path: path.write_text("def ("))
    assert ground.noticed() == noticed({HEADS}, {HEADS})
    (ground.root / f"graders/lab3/test_{HEADS}.py").unlink()
    assert ground.noticed() == noticed({HEADS}, {HEADS})
    (ground.root / f"graders/lab3/test_{HEADS}.py").touch()


def test_the_message_names_what_changed(ground: Ground, change: Change) -> None:
    """And counts what would be too much."""
    change(ground.root / f"solutions/lab3/{HEADS}.py", in_reference)
    change(ground.engine("worker/runner.py"), statement)
    (reason,) = stale(ground.course, [ground.course.exercise(HEADS)], "embedded")
    where = f"fixtures/recorded/embedded/lab3/{HEADS}.json"
    assert reason == f"{where}: engine: worker and reference changed since it was recorded"
    path = ground.root / where
    recording = recordings.read(path)
    recording.provenance = {"scenarios": "a hash of former times"}

    def former(path: Path) -> None:
        recordings.write(path, recording)

    change(path, former)
    (reason,) = stale(ground.course, [ground.course.exercise(HEADS)], "embedded")
    assert re.search(
        r"json: scenarios no longer counts; bench, course\.yaml, engine: worker, \S+ and 8 more did not count when it was recorded$",
        reason,
    )


def test_what_a_watch_holds(ground: Ground, change: Change) -> None:
    """A command that stays is started anew with each part of the engine, and with course.yaml."""
    for path, how in ((ground.engine("reports/html.py"), statement), (ground.root / "course.yaml", comment)):
        held = dependencies.held_by_command(ground.course)
        assert held.unchanged()
        change(path, how)
        assert not held.unchanged()


# --- the same everywhere -----------------------------------------------------------------------------------------------------

PRINT = """
import json, sys
from pathlib import Path
from mechgrade.cohort.keys import bases
from mechgrade.course import load_course
from mechgrade.grading.dependencies import Dependencies
from mechgrade.grading.look import Look
from mechgrade.grading.options import Options
course = load_course(Path(sys.argv[1]))
found = Dependencies(course, None, Look(course.root))
keys = bases(course, course.exercises(), Options("embedded"))
print(json.dumps([{each.name: found.audit(each) for each in course.exercises()}, list(keys.values())]))
"""


def test_the_same_in_every_process_and_place(pristine: Path, tmp_path: Path) -> None:
    """Whatever the seed of Python's hashes, with and without what an earlier command left, wherever the course lies."""
    shutil.copytree(pristine / "course", tmp_path / "moved" / "elsewhere")
    answers = []
    for seed, root in (("0", pristine / "course"), ("1", pristine / "course"), ("2", tmp_path / "moved" / "elsewhere")):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", PRINT, str(root)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=tmp_path)
        answers.append(json.loads(done.stdout))
    assert len(answers[0][1]) == 3 and all(answers[0][0].values())
    assert answers[0] == answers[1] == answers[2]
