"""`mechgrade update`: the course's news arrive, and nothing that a learner wrote is lost, whatever it is and however it comes."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mechgrade.authoring.archive import archive
from mechgrade.course import Course, CourseError, load_course
from mechgrade.course.version import BASE, base_of, digest
from mechgrade.doors.cli import app
from mechgrade.doors.learner.update import apply as applying
from mechgrade.doors.learner.update.merging import merge
from mechgrade.doors.learner.update.versions import from_archive, from_git

pytestmark = pytest.mark.long

COURSE = """schema: 1
title: Small
isolation: process
labs:
  lab1:
    title: One
    slug: 01-one
    minutes: 12
    exercises:
      {names}
"""
STUB = """# Generated.
# %% [markdown]
# # {title}
#
# Add two numbers. {text}

# %%
import math


# %%
def {name}(x{more}):
    \"\"\"Add. {doc}

    Args:
        x: a number.
    \"\"\"
    raise NotImplementedError("{name}")


# %%
if __name__ == "__main__":
    print({name}(1))
"""
NAMES = ("untouched", "begun", "changed", "signature", "lost")


def stub(name: str, **parts: str) -> str:
    return STUB.format(name=name, **{"title": "Sum", "text": "Old.", "more": "", "doc": "Old.", **parts})


def course_yaml(names: tuple[str, ...]) -> str:
    return COURSE.format(names="\n      ".join(f"{name}: {{title: {name}, points: 1, minutes: 2}}" for name in names))


def old_version() -> dict[str, str]:
    files = {f"exercises/lab1/{name}.py": stub(name) for name in NAMES}
    files |= {"course.yaml": course_yaml(NAMES), "README.md": "Old.\n", "graders/lab1/test_begun.py": "old = 1\n"}
    files |= {"CHANGELOG.md": "# Changelog\n\n## 2\n\n- For learners: the old news.\n", "old.txt": "old\n"}
    return files


def new_version() -> dict[str, str]:
    files = old_version()
    for name in ("untouched", "begun", "changed"):
        files[f"exercises/lab1/{name}.py"] = stub(name, text="New: in two\n# lines.", doc="New.")
    files["exercises/lab1/signature.py"] = stub("signature", more=", y", text="New.")
    del files["exercises/lab1/lost.py"], files["old.txt"]
    files["exercises/lab1/fresh.py"] = stub("fresh")
    files["course.yaml"] = course_yaml((*NAMES[:-1], "fresh"))
    files["graders/lab1/test_begun.py"] = "new = 2\n"
    files["README.md"] = "New.\n"
    news = "- For learners: fresh is new,\n  and good.\n- For instructors: nothing.\n- For learners: the old news.\n"
    files["CHANGELOG.md"] = f"# Changelog\n\n## 2\n\n{news}"
    return files


def put(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())


def git(root: Path, *words: str) -> str:
    person = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **person, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(["git", *words], cwd=root, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """The course's repository, at its old version."""
    root = tmp_path / "upstream"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch", "main")
    put(root, old_version())
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "old")
    return root


@pytest.fixture
def clone(upstream: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "--quiet", str(upstream), "clone")
    return tmp_path / "clone"


def publish(upstream: Path) -> None:
    for name in old_version().keys() - new_version().keys():
        (upstream / name).unlink()
    put(upstream, new_version())
    git(upstream, "add", "-A")
    git(upstream, "commit", "--quiet", "-m", "new")


@pytest.fixture
def packed(tmp_path: Path) -> tuple[Path, Path]:
    """The old version as a learner has unpacked it, and the new one as a zip."""
    here, new = tmp_path / "here", tmp_path / "small-2.zip"
    files = {name: text.encode() for name, text in old_version().items()}
    put(here, old_version())
    (here / BASE).write_bytes(base_of(files))
    files = {name: text.encode() for name, text in new_version().items()}
    with zipfile.ZipFile(new, "w") as opened:
        for name, body in {**files, BASE: base_of(files)}.items():
            opened.writestr(f"small-2/{name}", body)
    return here, new


def work(root: Path) -> dict[str, str]:
    """What a learner does: begins some exercises, one of them in a place that the course changes, and takes notes."""
    code = "    return x + 1 if x else math.inf  # mine\n"
    mine = {}
    for name in ("begun", "signature", "lost"):
        mine[f"exercises/lab1/{name}.py"] = stub(name).replace(f'    raise NotImplementedError("{name}")\n', code)
    mine["exercises/lab1/changed.py"] = stub("changed").replace("Old.", "Old, and I wonder why.")
    mine |= {"exercises/lab1/notes.txt": "mine\n", "README.md": "My notes.\n"}
    put(root, mine)
    return mine


def run(root: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.chdir(root)
    done = CliRunner().invoke(app, ["update", *words])
    return done.exit_code, done.output


def check_updated(root: Path, mine: dict[str, str]) -> None:
    """What must be so in each way."""
    new = new_version()
    for name in ("exercises/lab1/untouched.py", "exercises/lab1/fresh.py", "graders/lab1/test_begun.py", "course.yaml"):
        assert (root / name).read_text() == new[name]
    begun = (root / "exercises/lab1/begun.py").read_text()
    assert "New: in two\n# lines." in begun and "# mine" in begun and "<<<<" not in begun and "Old." not in begun
    for name in ("changed", "signature"):
        assert (root / f"exercises/lab1/{name}.py").read_text() == mine[f"exercises/lab1/{name}.py"]
        assert (root / f"exercises/lab1/{name}.new.py").read_text() == new[f"exercises/lab1/{name}.py"]
    assert (root / "exercises/lab1/lost.py").read_text() == mine["exercises/lab1/lost.py"]
    assert (root / "exercises/lab1/notes.txt").read_text() == "mine\n"
    assert (root / "README.md").read_text() == "New.\n" and not (root / "old.txt").exists()
    (kept,) = (root / ".mechgrade" / "backup").iterdir()
    assert (kept / "README.md").read_text() == "My notes.\n"
    assert (kept / "exercises/lab1/begun.py").read_text() == mine["exercises/lab1/begun.py"]
    load_course(root)


def test_from_git(clone, upstream, monkeypatch):
    mine = work(clone)
    publish(upstream)
    code, told = run(clone, monkeypatch)
    assert code == 0, told
    check_updated(clone, mine)
    for line in (
        "New exercises: lab1/fresh",
        "New text, in files that you had not begun: lab1/untouched",
        "New text around your own code, which is as it was: lab1/begun",
        "No longer in the course; your files stay: lab1/lost",
        "exercises/lab1/signature.py stays as you have it. The new text is exercises/lab1/signature.new.py",
        "README.md had changes of yours",
        "The checks of 1 exercises changed",
        "For learners: fresh is new, and good.",
        "What was written over is kept in .mechgrade/backup/",
    ):
        assert line in told, told
    assert "old news" not in told and "For instructors" not in told
    # Git knows the new version, and the learner's changes are what it sees.
    assert git(clone, "rev-parse", "HEAD") == git(upstream, "rev-parse", "HEAD")
    changed = {line[3:] for line in git(clone, "status", "--porcelain").splitlines() if line[0] != "?"}
    assert changed == {f"exercises/lab1/{name}.py" for name in ("begun", "changed", "signature")}
    code, told = run(clone, monkeypatch)
    assert code == 0 and "nothing to do" in told


def test_from_git_with_commits_of_ones_own(clone, upstream, monkeypatch):
    mine = work(clone)
    git(clone, "add", "-A")
    git(clone, "commit", "--quiet", "-m", "mine")
    own = git(clone, "rev-parse", "HEAD")
    publish(upstream)
    code, told = run(clone, monkeypatch)
    assert code == 0 and "commits of your own" in told, told
    check_updated(clone, mine)
    assert git(clone, "rev-parse", "HEAD") == own
    put(upstream, {"exercises/lab1/begun.py": stub("begun", text="New: in two\n# lines.", doc="Newest.")})
    git(upstream, "commit", "--quiet", "-a", "-m", "newest")
    code, told = run(clone, monkeypatch)
    assert code == 0 and "which is as it was: lab1/begun" in told and "untouched" not in told
    assert "Newest." in (clone / "exercises/lab1/begun.py").read_text()


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_from_an_archive(packed, monkeypatch, kind):
    here, new = packed
    if kind == "folder":
        with zipfile.ZipFile(new) as opened:
            opened.extractall(new.parent / "unpacked")
        new = new.parent / "unpacked"
    mine = work(here)
    code, told = run(here, monkeypatch, str(new))
    assert code == 0, told
    check_updated(here, mine)
    assert "around your own code, which is as it was: lab1/begun" in told and "fresh is new, and good" in told
    code, told = run(here, monkeypatch, str(new))
    assert code == 0 and "nothing to do" in told


def test_from_an_archive_of_which_nobody_knows_the_old_version(packed, monkeypatch):
    """As of courses that were handed out before: a stub that is as it was generated is replaced, and all else of theirs stays."""
    here, new = packed
    (here / BASE).unlink()
    hashes = {name.removeprefix("exercises/"): digest(text.encode()) for name, text in old_version().items()}
    put(here, {"exercises/.generated.json": f'{{"sha256": {hashes}}}'.replace("'", '"')})
    mine = work(here)
    code, told = run(here, monkeypatch, str(new))
    assert code == 0, told
    assert (here / "exercises/lab1/untouched.py").read_text() == new_version()["exercises/lab1/untouched.py"]
    for name in ("begun", "changed", "signature"):
        assert (here / f"exercises/lab1/{name}.py").read_text() == mine[f"exercises/lab1/{name}.py"]
        assert (here / f"exercises/lab1/{name}.new.py").is_file()
    (kept,) = (here / ".mechgrade" / "backup").iterdir()
    assert (kept / "README.md").read_text() == "My notes.\n"
    # From now on it is known.
    assert (here / BASE).is_file()


def test_a_dry_run_says_the_same_and_writes_nothing(clone, upstream, monkeypatch):
    work(clone)
    publish(upstream)
    before = {path: path.read_bytes() for path in clone.rglob("*") if path.is_file() and ".git" not in path.parts}
    code, told = run(clone, monkeypatch, "--dry-run")
    assert code == 0 and "as it was: lab1/begun" in told and "Nothing was written" in told
    after = {path: path.read_bytes() for path in clone.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert after == before


def test_a_disk_that_fails_in_the_middle_loses_nothing_and_the_next_run_goes_on(packed, monkeypatch):
    here, new = packed
    mine = work(here)
    real, left = applying.write_atomic, [5]

    def write(path: Path, body: bytes, **options: bool) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, body, **options)

    monkeypatch.setattr(applying, "write_atomic", write)
    code, told = run(here, monkeypatch, str(new))
    assert code == 3 and "No space left on device" in told and "run the same command again" in told
    for name, text in mine.items():
        there = [path for path in here.rglob(Path(name).name) if path.read_text() == text]
        assert there, f"{name} is lost"
    left[0] = 1000
    code, told = run(here, monkeypatch, str(new))
    assert code == 0
    begun = (here / "exercises/lab1/begun.py").read_text()
    assert "New: in two" in begun and "# mine" in begun


def test_what_is_no_new_version_is_said(packed, clone, tmp_path, monkeypatch):
    here, _ = packed
    code, told = run(here, monkeypatch)
    assert code == 2 and "is no git checkout" in told and "mechgrade update ARCHIVE" in told
    code, told = run(here, monkeypatch, str(tmp_path / "nothing.zip"))
    assert code == 2 and "there is nothing at" in told
    (tmp_path / "bad.zip").write_bytes(b"PK no zip")
    code, told = run(here, monkeypatch, str(tmp_path / "bad.zip"))
    assert code == 2 and "cannot be read as a zip" in told
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as opened:
        opened.writestr("course.yaml", course_yaml(("a",)))
        opened.writestr("../../evil.py", "x")
    code, told = run(here, monkeypatch, str(tmp_path / "out.zip"))
    assert code == 2 and "leads out of the course" in told
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as opened:
        opened.writestr("course.yaml", course_yaml(("a",)).replace("Small", "Large"))
    code, told = run(here, monkeypatch, str(tmp_path / "other.zip"))
    assert code == 2 and "another course" in told
    git(clone, "remote", "set-url", "origin", str(tmp_path / "gone"))
    code, told = run(clone, monkeypatch)
    assert code == 2 and "origin could not be reached" in told


def test_a_folder_of_a_repository_is_left_to_git(clone, monkeypatch):
    shutil.copytree(clone, clone / "inner", ignore=shutil.ignore_patterns(".git", "inner"))
    code, told = run(clone / "inner", monkeypatch)
    assert code == 2 and "with git itself" in told


def test_an_archive_says_itself_what_it_consists_of(course: Course, tmp_path: Path):
    """The archive that `make dist` makes is one that can be updated, and from which can be updated."""
    path = archive(course, tmp_path / "course.zip", notebooks=False)
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)
    here = load_course(tmp_path / "course")
    assert applying.plan(here.root, from_archive(here, path)) == []
    stub_path = here.stub_path(here.exercise("find_heads"))
    stub_path.write_text(stub_path.read_text().replace("raise NotImplementedError", "return []  #"))
    assert applying.plan(here.root, from_archive(here, path)) == []  # work alone is no news
    with pytest.raises(CourseError, match="no git checkout"):
        from_git(here)


# --- merging ---------------------------------------------------------------------------------------------------------------

OLD = stub("f").encode()
MINE = OLD.replace(b'    raise NotImplementedError("f")\n', b"    return x + 1\n")


def test_a_merge_keeps_code_and_takes_text():
    new = stub("f", text="New.", doc="New.").encode()
    merged = merge(MINE, OLD, new)
    assert merged == MINE.replace(b"Old.", b"New.")
    assert merge(MINE.replace(b"\n", b"\r\n"), OLD, new) == merged.replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("mine", "new"),
    [
        (MINE, stub("f", more=", y").encode()),  # the signature that the learner has implemented is another one
        (MINE, OLD.replace(b"def f(x)", b"def g(x)")),  # the function is gone
        (MINE, OLD.replace(b"    raise", b"    y = x\n    raise")),  # the stub gives more of the body
        (MINE.replace(b"x + 1", b"x + ("), stub("f", text="New.").encode()),  # in the middle of an edit
        (MINE.replace(b"Old.", b"Why?"), stub("f", text="New.").encode()),  # the same line
        (MINE.replace(b"def f(x)", b"def f(x, z=1)"), stub("f", more=", y").encode()),
    ],
)
def test_what_is_not_certain_is_not_merged(mine, new):
    assert mine != OLD and new != OLD and merge(mine, OLD, new) is None


def test_without_git_nothing_is_merged(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert merge(MINE, OLD, stub("f", text="New.").encode()) is None
