"""Where a new version of the course comes from, and what it changes: a git remote, or the learners' archive."""

from __future__ import annotations

import os
import stat
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from mechgrade.course import COURSE_FILE, Course, CourseError
from mechgrade.course.version import BASE, base_of, digest, read_base
from mechgrade.files import write_atomic

#: Folders that are the learner's or this machine's, whatever an archive holds.
_OWN = (".git", ".venv", ".mechgrade", "outputs", "checkpoints")
#: In `.mechgrade`: the commit that was brought in last, where a learner's own commits keep the branch from moving there.
_BROUGHT = "updated-to"
#: No file of a course is larger.
_MAX_FILE = 512 * 2**20


@dataclass(frozen=True)
class Change:
    """One file that the two versions hold differently.

    Attributes:
        name: its path in the course.
        digest: of what the old version holds; None where it has no such file, or where nobody knows.
        old: that itself, where it is known.
        new: what the new version holds; None where it has no such file.
        mode: permissions that it needs beyond the usual ones.
        is_known: whether anybody knows what the old version holds there.
    """

    name: str
    digest: str | None
    old: bytes | None
    new: bytes | None
    mode: int = 0o644
    is_known: bool = True


@dataclass(frozen=True)
class Offer:
    """A new version.

    Attributes:
        title: what to call it.
        changes: what it changes.
        settle: to be called when all of it is on disk; returns what a learner should know of it.
    """

    title: str
    changes: list[Change]
    settle: Callable[[], str]


# --- git -----------------------------------------------------------------------------------------------------------------


def from_git(course: Course) -> Offer:
    """What the branch that this checkout follows has had since.

    Raises:
        CourseError: it is no checkout, follows no branch, or the remote cannot be reached.
    """
    root = course.root
    _check_checkout(root)
    upstream = _upstream(root)
    remote = upstream.partition("/")[0]
    _git(root, "fetch", "--quiet", remote, why=f"{remote} could not be reached")
    new = _git(root, "rev-parse", f"{upstream}^{{commit}}").strip()
    old = _git(root, "merge-base", "HEAD", new, why=f"this branch and {upstream} have no commit in common").strip()
    brought = root / ".mechgrade" / _BROUGHT
    if brought.is_file():
        last = brought.read_text(encoding="utf-8").strip()
        if _is_ancestor(root, old, last) and _is_ancestor(root, last, new):
            old = last
    modes = {}
    for line in _git(root, "ls-tree", "-r", "-z", new).split("\0"):
        if line:
            octal, _, rest = line.partition(" ")
            modes[rest.partition("\t")[2]] = int(octal, 8)
    names = _git(root, "diff", "--name-only", "--no-renames", "-z", old, new).split("\0")
    changes = []
    for name in filter(None, names):
        mode = modes.get(name)
        if mode is not None and not stat.S_ISREG(mode):
            raise CourseError(f"{name} is a link or a submodule in {upstream}: bring this version in with git itself")
        before, after = _blob(root, old, name), _blob(root, new, name)
        changes.append(
            Change(name, digest(before) if before is not None else None, before, after, (mode or 0) & 0o777 or 0o644)
        )

    def settle() -> str:
        if _is_ancestor(root, "HEAD", new):
            _git(root, "reset", "--quiet", "--mixed", new)
            brought.unlink(missing_ok=True)
            return ""
        write_atomic(brought, f"{new}\n")
        return "Your branch has commits of your own, so the new version lies in your files uncommitted: commit it when you like."

    return Offer(f"{upstream} at {new[:10]}", changes, settle)


def _check_checkout(root: Path) -> None:
    try:
        top = _git(root, "rev-parse", "--show-toplevel").strip()
    except CourseError:
        raise CourseError(
            f"{root} is no git checkout; give the course's new archive: mechgrade update ARCHIVE"
        ) from None
    if Path(top).resolve() != root.resolve():
        raise CourseError(f"the course is a folder of the repository {top}: bring the new version in with git itself")
    inside = Path(_git(root, "rev-parse", "--absolute-git-dir").strip())
    for name, what in (("MERGE_HEAD", "merge"), ("rebase-merge", "rebase"), ("CHERRY_PICK_HEAD", "cherry-pick")):
        if (inside / name).exists():
            raise CourseError(f"a git {what} is under way here: end it first (`git status` says how)")


def _upstream(root: Path) -> str:
    for asked in (("rev-parse", "--abbrev-ref", "@{upstream}"), ("rev-parse", "--abbrev-ref", "origin/HEAD")):
        try:
            found = _git(root, *asked).strip()
        except CourseError:
            continue
        if "/" in found:
            return found
    raise CourseError("this branch follows no other: `git branch --set-upstream-to=origin/main` names one")


def _is_ancestor(root: Path, one: str, other: str) -> bool:
    return _run(root, "merge-base", "--is-ancestor", one, other).returncode == 0


def _blob(root: Path, commit: str, name: str) -> bytes | None:
    done = _run(root, "show", f"{commit}:{name}")
    return done.stdout if done.returncode == 0 else None


def _git(root: Path, *words: str, why: str = "") -> str:
    done = _run(root, *words)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CourseError(
            f"{why or 'git failed'}: {said[-1] if said else f'git {words[0]} ended with {done.returncode}'}"
        )
    return done.stdout.decode("utf-8", "surrogateescape")


def _run(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(["git", *words], cwd=root, env=environment, capture_output=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise CourseError(f"git could not be started: {error.strerror}") from None


# --- archives ------------------------------------------------------------------------------------------------------------


def from_archive(course: Course, path: Path) -> Offer:
    """What the learners' archive of a new version holds, packed or unpacked.

    Raises:
        CourseError: it is none, or another course's.
    """
    files = dict(_unpacked(path) if path.is_dir() else _packed(path))
    if COURSE_FILE not in files:
        raise CourseError(f"{path} is no course's archive: there is no {COURSE_FILE} in it")
    title = _title(files[COURSE_FILE])
    if title != course.title:
        raise CourseError(f"{path} is another course's archive: {title!r}, and this is {course.title!r}")
    files.pop(BASE, None)
    base = read_base(course.root)
    changes = [
        Change(name, base.digests.get(name), base.texts.get(name), files.get(name), is_known=base.knows(name))
        for name in sorted(files.keys() | base.digests.keys())
    ]

    def settle() -> str:
        write_atomic(course.root / BASE, base_of(files))
        return ""

    return Offer(path.name, changes, settle)


def _packed(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as opened:
            entries = [each for each in opened.infolist() if not each.is_dir()]
            tops = {each.filename.partition("/")[0] for each in entries}
            above = f"{tops.pop()}/" if len(tops) == 1 else ""
            for entry in entries:
                name = entry.filename.removeprefix(above)
                if entry.file_size > _MAX_FILE or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
                    raise CourseError(f"{path} holds {entry.filename!r}, which is no file of a course")
                if _is_inside(path, name):
                    yield name, opened.read(entry)
    except FileNotFoundError:
        raise CourseError(f"there is nothing at {path}") from None
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise CourseError(f"{path} cannot be read as a zip ({error})") from None


def _unpacked(folder: Path) -> Iterator[tuple[str, bytes]]:
    inside = [each for each in folder.iterdir() if not each.name.startswith(".")]
    if not (folder / COURSE_FILE).is_file() and len(inside) == 1 and inside[0].is_dir():
        folder = inside[0]  # as some programs unpack it
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts and _is_inside(folder, name):
            yield name, path.read_bytes()


def _is_inside(path: Path, name: str) -> bool:
    """Whether a file is one of the course's. One that would be written elsewhere is not looked over: the archive is refused."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0] or "\0" in name:
        raise CourseError(f"{path} holds {name!r}, which leads out of the course")
    return parts[0] not in _OWN


def _title(body: bytes) -> str:
    try:
        return str(yaml.safe_load(body)["title"])
    except (yaml.YAMLError, TypeError, KeyError):
        raise CourseError(f"the archive's {COURSE_FILE} cannot be read") from None
