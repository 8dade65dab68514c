"""A small course in a directory of its own, and a class that works through it with nbgrader's real commands."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sandbox.conftest import become_ordinary
from support import ROOT, later

from mechgrade.course import Course, load_course
from mechgrade.submissions.cells import Notebook

nbformat = later("nbformat")

#: Few exercises, and quick ones: what is tested is the way to and from the gradebook.
EXERCISES = {
    "lab1": ("describe_model", "top_next_tokens"),
    "lab3": ("repeated_tokens", "find_heads", "loss_by_position"),
}


def make_course(root: Path, chosen: Mapping[str, tuple[str, ...]] = EXERCISES) -> Course:
    """The project's course with few exercises."""
    document = yaml_of(load_course(ROOT), chosen)
    root.mkdir(parents=True, exist_ok=True)
    (root / "course.yaml").write_text(document)
    for name in ("graders", "solutions", "exercises"):
        for lab, exercises in chosen.items():
            for path in sorted((ROOT / name / lab).rglob("*")):
                stem = path.stem.removeprefix("test_")
                if path.is_file() and (stem in exercises or path.name == "hints.yaml"):
                    target = root / path.relative_to(ROOT)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, target)
    for lab in chosen:
        shutil.copytree(ROOT / "fixtures/recorded/embedded" / lab, root / "fixtures/recorded/embedded" / lab)
    shutil.copytree(ROOT / "interp", root / "interp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "fixtures/models", root / "fixtures/models")
    shutil.copytree(ROOT / "fixtures/saes", root / "fixtures/saes")
    shutil.copyfile(ROOT / "nbgrader_config.py", root / "nbgrader_config.py")
    return load_course(root)


def yaml_of(course: Course, chosen: Mapping[str, tuple[str, ...]]) -> str:
    """course.yaml with the few exercises alone."""
    import yaml

    whole = yaml.safe_load((course.root / "course.yaml").read_text())
    whole["labs"] = {
        lab: whole["labs"][lab]
        | {"merged": {}, "exercises": {name: whole["labs"][lab]["exercises"][name] for name in names}}
        for lab, names in chosen.items()
    }
    whole.setdefault("limits", {})["start_seconds"] = 900  # the machine may be busy, and that is not what is tested
    return yaml.safe_dump(whole, sort_keys=False)


@dataclass
class Class:
    """An instructor's course directory, an exchange folder, and learners with a directory each."""

    course: Course
    home: Path
    #: Learners who are unix accounts of this machine; commands run as them.
    accounts: tuple[str, ...] = ()
    said: list[str] = field(default_factory=list)

    @property
    def gradebook(self) -> Path:
        """The class's directory."""
        return self.course.root / "gradebook"

    def environment(self, who: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a person's shell has."""
        own = self.home / who
        own.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return {
            **kept,
            "HOME": str(own),
            "USER": who,
            "MECHGRADE_EXCHANGE": str(self.exchange),
            "JUPYTER_DATA_DIR": str(own / "jupyter"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MPLBACKEND": "agg",
            **(more or {}),
        }

    def give(self, who: str) -> None:
        """Make an account's directory its own."""
        entry = pwd.getpwnam(who)
        for path in [self.home / who, *(self.home / who).rglob("*")]:
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)

    @property
    def exchange(self) -> Path:
        """The exchange folder, which nbgrader wants to be writable by all."""
        path = self.home / "exchange"
        if not path.exists():
            path.mkdir(parents=True)
            path.chmod(0o777)
        return path

    def run(self, *command: str, who: str = "instructor", ok: bool = True, **more: str) -> str:
        """Run a command as the instructor in the course's directory, or as a learner in the learner's; what it said."""
        cwd = self.course.root if who == "instructor" else self.home / who
        env = self.environment(who, more)
        become = None
        if who in self.accounts:
            become = partial(become_ordinary, pwd.getpwnam(who).pw_uid)
            self.give(who)
        done = subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False, preexec_fn=become
        )
        said = done.stdout + done.stderr
        self.said.append(said)
        assert (done.returncode == 0) == ok, said
        return said

    def nbgrader(self, *arguments: str, who: str = "instructor", ok: bool = True, **more: str) -> str:
        """An nbgrader command. Learners have no configuration: they name course and exchange."""
        extra: tuple[str, ...] = ()
        if who != "instructor":
            extra = ("--course", "mechgrade", f"--Exchange.root={self.exchange}")
        return self.run(sys.executable, "-m", "nbgrader", *arguments, *extra, who=who, ok=ok, **more)

    def mechgrade(self, *arguments: str, who: str = "instructor", ok: bool = True) -> str:
        """A command of the project."""
        return self.run(sys.executable, "-m", "mechgrade.doors.cli", *arguments, who=who, ok=ok)

    def slug(self, lab: str) -> str:
        """The notebook's name."""
        return f"{self.course.labs[lab].slug}.ipynb"

    def released(self, lab: str) -> Notebook:
        """The notebook that learners get."""
        return nbformat.read(self.gradebook / "release" / lab / self.slug(lab), as_version=4)

    def hand_in(self, who: str, lab: str, nb: Notebook | str | None, name: str | None = None) -> Path:
        """Put a notebook, a text, or nothing where nbgrader collects to."""
        folder = self.gradebook / "submitted" / who / lab
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (name or self.slug(lab))
        if isinstance(nb, str):
            path.write_text(nb)
        elif nb is not None:
            nbformat.write(nb, path)
        return path

    def scores(self, lab: str) -> dict[str, dict[str, float | None]]:
        """The gradebook: learner → check → automatic score."""
        from nbgrader.api import Gradebook

        found: dict[str, dict[str, float | None]] = {}
        with Gradebook(f"sqlite:///{self.gradebook / 'gradebook.db'}") as book:
            for submission in book.assignment_submissions(lab):
                found[submission.student.id] = {
                    grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades
                }
        return found

    def graded(self, who: str, lab: str) -> Notebook:
        """The notebook as autograde left it."""
        return nbformat.read(self.gradebook / "autograded" / who / lab / self.slug(lab), as_version=4)


def write_into(nb: Notebook, sources: Mapping[str, str]) -> Notebook:
    """A notebook with texts in its solution cells, by exercise; other cells with solutions of the exercise are emptied."""
    for name, source in sources.items():
        mine = [
            cell
            for cell in nb.cells
            if cell.metadata.get("nbgrader", {}).get("solution")
            and cell.metadata["mechgrade"].get("exercise", "").rpartition("/")[2] == name
        ]
        assert mine, name
        mine[0].source = source
        for cell in mine[1:]:
            cell.source = ""
    return nb


def output_of(nb: Notebook, grade_id: str) -> str:
    """What the report of a check says, as HTML."""
    cell = next(cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)
    return "".join(output.data.get("text/html", "") for output in cell.outputs if "data" in output)


Edit = Callable[[Notebook], Notebook | str]
