"""What each learner of a class handed in: what of it was used, what was not and why, what is missing. ``handed_in.json`` keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mechgrade.cohort.learners import Learner
from mechgrade.cohort.platforms import packed
from mechgrade.course import Course, CourseError, Exercise
from mechgrade.submissions.blank import UNTOUCHED
from mechgrade.submissions.handed_in import HandIn
from mechgrade.submissions.reading import shown
from mechgrade.submissions.words import missing_in_words, not_begun_in_words
from mechgrade.submissions.written import ABSENT

FILE = "handed_in.json"

NOTHING = "nothing was handed in"

#: What is said of a hand-in that Canvas marks so.
LATE = "late, as the platform's file names say"


@dataclass
class Arrival:
    """One learner's hand-in, as a table has it.

    Attributes:
        learner: the name in all files of results.
        person: the name at the platform, where there is one; otherwise the learner's.
        id: at the platform; empty where there is none.
        platform: moodle, canvas or blackboard; empty for a folder of another making.
        stem: what a file for this learner must begin with when it is uploaded to the platform.
        used: by exercise (``lab/name``) the file that counts.
        blank: by exercise the file that is there without an answer in it, and why.
        ignored: files that do not, with the reason.
        missing: exercises without a text.
        notes: what the learner should know.
        questions: how the answer to each question that a person grades arrived, by ``lab/name``.
        is_late: whether the platform's names mark a file of it as late. It changes no points.
    """

    learner: str
    person: str = ""
    id: str = ""
    platform: str = ""
    stem: str = ""
    used: dict[str, str] = field(default_factory=dict)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    questions: dict[str, str] = field(default_factory=dict)
    blank: dict[str, tuple[str, str]] = field(default_factory=dict)
    is_late: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether nothing at all was handed in. Such a learner has no score, as those in a class list of whom there is no trace."""
        return not (self.used or self.blank or self.ignored) and set(self.questions.values()) <= {ABSENT}

    @property
    def is_odd(self) -> bool:
        """Whether a file with an exercise's name holds no answer, and is not the stub either."""
        return any(why != UNTOUCHED for _, why in self.blank.values())

    def lines(self, course: Course) -> list[str]:
        """The table's cells: used, not begun, ignored and missing, in words."""
        by_file: dict[str, list[str]] = {}
        for exercise, path in self.used.items():
            by_file.setdefault(path, []).append(exercise)
        missing = _exercises(course, self.missing)
        untouched = _exercises(course, (name for name, (_, why) in self.blank.items() if why == UNTOUCHED))
        odd = [(name, Path(path), why) for name, (path, why) in self.blank.items() if why != UNTOUCHED]
        return [
            "; ".join(f"{path} for {', '.join(names)}" for path, names in by_file.items()),
            "; ".join([*missing_in_words(course, untouched), *not_begun_in_words(odd)]),
            "; ".join(f"{path}: {why}" for path, why in self.ignored),
            "; ".join(missing_in_words(course, missing)),
        ]

    def note(self, course: Course) -> str:
        """What grades.csv says of the hand-in; empty where all is there."""
        if self.is_nothing:
            return NOTHING
        _, blank, ignored, missing = self.lines(course)
        parts = [LATE] if self.is_late else []
        parts += [f"not begun: {blank}" if blank else "", f"missing: {missing}" if missing else ""]
        parts += [f"ignored: {ignored}" if ignored and self.missing else ""]
        return "; ".join(filter(None, parts))


def arrival_of(learner: Learner, hand_in: HandIn, exercises: Iterable[Exercise]) -> Arrival:
    """A learner's hand-in for some exercises as a row of the table."""
    asked = set(exercises)
    missing = [exercise for exercise in hand_in.missing if exercise in asked]
    origin = learner.origin
    if origin is not None:  # feedback goes back under the name of a file that counts, where a learner has sent several
        counted = (packed(path.parts[0]) for path in _counted(hand_in))
        origin = next((each for each in counted if each is not None and each.learner == origin.learner), origin)
    return Arrival(
        learner.name,
        origin.person if origin else learner.name,
        origin.id if origin else "",
        origin.platform if origin else "",
        origin.stem + ("" if origin.rest else "/") if origin else "",
        {
            str(exercise): shown(hand_in.used[exercise.lab, exercise.name])
            for exercise in hand_in.begun
            if exercise in asked
        },
        [(shown(each.path), each.why) for each in hand_in.ignored],
        [str(exercise) for exercise in missing],
        list(hand_in.submission.notes),
        {str(question): answer.state for question, answer in hand_in.written.items()},
        {
            str(exercise): (shown(hand_in.used[exercise.lab, exercise.name]), why)
            for exercise in hand_in.submission.exercises
            if exercise in asked and (why := hand_in.blank.get((exercise.lab, exercise.name)))
        },
        learner.is_late,
    )


def _counted(hand_in: HandIn) -> list[Path]:
    """The files that count: those with answers first."""
    begun = [hand_in.used[each.lab, each.name] for each in hand_in.begun]
    written = [answer.file for answer in hand_in.written.values() if answer.file is not None]
    return [*begun, *written, *hand_in.used.values()]


def _exercises(course: Course, names: Iterable[str]) -> list[Exercise]:
    return [course.exercise(name, lab) for lab, _, name in (each.partition("/") for each in names)]


def as_text(arrivals: Iterable[Arrival]) -> str:
    """The text of ``handed_in.json``: a learner a line."""
    lines = ",\n".join(json.dumps(vars(each), ensure_ascii=False) for each in arrivals)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def load(out: Path) -> list[Arrival]:
    """What :func:`as_text` wrote to a folder of results.

    Raises:
        CourseError: there is none, or it cannot be read.
    """
    path = out / FILE
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        for row in rows:
            row["ignored"] = [(name, why) for name, why in row["ignored"]]
            row["blank"] = {name: (file, why) for name, (file, why) in row.get("blank", {}).items()}
        return [Arrival(**row) for row in rows]
    except FileNotFoundError:
        raise CourseError(f"there is no {path}; `mechgrade cohort grade DIR --out {out}` writes it") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CourseError(
            f"{path} cannot be read ({type(error).__name__}); run `mechgrade cohort grade` again"
        ) from None
