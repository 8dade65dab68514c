"""What a new version does to each file of a course, decided before anything is written; then done, with what it replaces kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from mechgrade.course.version import digest
from mechgrade.doors.learner.update.merging import merge
from mechgrade.doors.learner.update.versions import Change, Offer
from mechgrade.files import write_atomic

#: Where learners work. A file of theirs there is never replaced by one that lacks their work.
WORKPLACES = ("exercises", "notebooks")

#: What happens to a file. ``beside``: the learner's stays, and the new one is put next to it. ``kept``: the course has it no longer.
#: ``yours``: it is the learner's, changed, and not where learners work: the new one takes its place, and the old one is kept.
Kind = Literal["new", "replaced", "merged", "beside", "yours", "removed", "kept"]


@dataclass(frozen=True)
class Step:
    """What happens to one file. ``text``: what is written to ``target``, None where a file is removed or left alone."""

    kind: Kind
    name: str
    target: Path
    text: bytes | None
    mode: int
    is_known: bool


class UpdateError(Exception):
    """The update has stopped in the middle; the text says where, and what to do."""


def plan(root: Path, offer: Offer) -> list[Step]:
    """What is to be done, file by file. Nothing is written."""
    return [step for change in offer.changes if (step := _step(root, change)) is not None]


def _step(root: Path, change: Change) -> Step | None:
    path = root / change.name
    here = path.read_bytes() if path.is_file() else None
    if here == change.new or (here is not None and change.new is not None and digest(here) == digest(change.new)):
        return None

    def step(kind: Kind, text: bytes | None, target: Path = path) -> Step:
        return Step(kind, change.name, target, text, change.mode, change.is_known)

    is_untouched = here is None or (change.digest is not None and digest(here) == change.digest)
    if change.new is None:
        if here is None:
            return None
        return step("removed", None) if is_untouched else step("kept", None)
    if is_untouched:
        return step("new" if here is None else "replaced", change.new)
    assert here is not None
    merged = merge(here, change.old, change.new) if change.old is not None and path.suffix == ".py" else None
    if merged is not None:
        return None if merged == here else step("merged", merged)
    if PurePosixPath(change.name).parts[0] not in WORKPLACES or path.name.startswith("."):
        return step("yours" if change.is_known else "replaced", change.new)
    beside = path.with_name(f"{path.stem}.new{path.suffix}")
    if beside.is_file() and beside.read_bytes() == change.new:
        return None
    return step("beside", change.new, beside)


def apply(root: Path, steps: list[Step]) -> Path | None:
    """Do it. What was the learner's and is written over is kept first; the folder where, if there was any.

    Each file is written whole or not at all, and those that are right already are no steps: after an error the same update goes on.

    Raises:
        UpdateError: a file could not be written.
    """
    backup = root / ".mechgrade" / "backup" / f"{time.strftime('%Y%m%d-%H%M%S')}-update"
    at, kept = root, False
    try:
        for step in steps:
            # Where nobody knows what the old version held, any file may hold a learner's work.
            if step.target.exists() and (step.kind in ("merged", "yours", "beside") or not step.is_known):
                at = backup / step.target.relative_to(root)
                write_atomic(at, step.target.read_bytes(), durable=True)
                kept = True
        for step in steps:
            at = step.target
            if step.kind == "removed":
                at.unlink()
            elif step.text is not None:
                write_atomic(at, step.text)
                if step.mode != 0o644:
                    at.chmod(step.mode)
    except OSError as error:
        raise UpdateError(
            f"{at} could not be written: {error.strerror}. Your files are whole. "
            f"When that is mended, run the same command again, and it goes on."
        ) from None
    return backup if kept else None


# --- in words ------------------------------------------------------------------------------------------------------------

#: Names in one line, and lines of the changelog.
_NAMES, _NEWS = 6, 8
_SETUP = ("pyproject.toml", "constraints.txt", "requirements.txt")


def told(root: Path, offer: Offer, steps: list[Step]) -> Iterator[str]:
    """What changes for the learner, in a few lines."""
    if not steps:
        yield f"Your course is as new as {offer.title}: nothing to do."
        return
    yield f"From {offer.title}: {len(steps)} files of the course."
    stubs = {kind: [_short(each.name) for each in steps if each.kind == kind and _is_stub(each.name)] for kind in KINDS}
    for kind, words in KINDS.items():
        if names := stubs[kind]:
            yield f"  {words}: {', '.join(names[:_NAMES])}{f' and {len(names) - _NAMES} more' if len(names) > _NAMES else ''}"
    for step in steps:
        if step.kind == "beside":
            where = step.target.relative_to(root).as_posix()
            yield f"  {step.name} stays as you have it. The new text is {where}: compare, and take over what you need."
        elif step.kind == "yours":
            yield f"  {step.name} had changes of yours; the course's new one takes its place, and yours is in the backup."
    if graders := sum(each.name.startswith("graders/") and "/test_" in each.name for each in steps):
        yield f"  The checks of {graders} exercises changed, so a verdict may change too: `mechgrade grade` shows it."
    yield from (f"  {line}" for line in _news(offer))
    if any(each.name in _SETUP for each in steps):
        yield "  It needs other packages: run `make setup`, or install requirements.txt again."


#: How each kind is told of stubs, in the order in which it is told.
KINDS: dict[Kind, str] = {
    "new": "New exercises",
    "replaced": "New text, in files that you had not begun",
    "merged": "New text around your own code, which is as it was",
    "removed": "No longer in the course, and you had not begun them",
    "kept": "No longer in the course; your files stay",
}


def _is_stub(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[0] == "exercises" and name.endswith(".py")


def _short(name: str) -> str:
    return name.removeprefix("exercises/").removesuffix(".py")


def _news(offer: Offer) -> list[str]:
    """What the new changelog says to learners and the old one does not."""
    change = next((each for each in offer.changes if each.name == "CHANGELOG.md"), None)
    if change is None or change.new is None or change.old is None:
        return []
    before = set(_entries(change.old))
    fresh = [each for each in _entries(change.new) if each not in before]
    mine = [each for each in fresh if each.startswith(("For learners:", "For everybody:"))]
    more = [f"… and {len(mine) - _NEWS} more in CHANGELOG.md"] if len(mine) > _NEWS else []
    return [*mine[:_NEWS], *more]


def _entries(changelog: bytes) -> list[str]:
    """The bullet points, each as one line."""
    lines = changelog.decode("utf-8", "replace").split("\n- ")[1:]
    return [" ".join(each.partition("\n\n")[0].split()) for each in lines]
