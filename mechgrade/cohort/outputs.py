"""The files that people read, made from the store: each learner's JSON and page, ``grades.csv``, the summary.

What belongs to results is the same, byte for byte, however they came about; what a run took is in ``times.json`` and on the
summary's page alone. Each file is replaced as a whole.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mechgrade import __version__
from mechgrade.cohort import entry
from mechgrade.cohort.answers import load as load_answers
from mechgrade.cohort.answers import number_in, without_apostrophe
from mechgrade.cohort.arrivals import FILE, NOTHING, Arrival, as_text
from mechgrade.cohort.comments import comments_of, read_comments
from mechgrade.cohort.exports import result_of
from mechgrade.cohort.gradesheet import read_grades, write_grades
from mechgrade.cohort.marks import Mark, apply_marks, read_marks, score_of, write_marks
from mechgrade.cohort.pages import COMMENTS, HANDED_IN, MARKED, has_place, with_lines
from mechgrade.cohort.store import Kept, Store, StoreError
from mechgrade.cohort.summary import Counting, LearnerRow, Summary, Times, summary_of
from mechgrade.cohort.written import apply
from mechgrade.course import Course, CourseError, Exercise
from mechgrade.files import write_atomic
from mechgrade.grading.options import Options
from mechgrade.grading.verdicts import Check, ExerciseResult, Result

#: What stands in the place of points where the model lacks what an exercise needs.
LEFT_OUT = "left out"

Page = Callable[[str, Result], str]
SummaryPage = Callable[[Summary, dict[str, Times], list[LearnerRow]], str]


def write(
    course: Course,
    exercises: list[Exercise],
    options: Options,
    store: Store,
    page: Page,
    summary_page: SummaryPage,
    arrivals: Mapping[str, Arrival] | None = None,
    absent: Sequence[tuple[str, str]] = (),
    bases: Mapping[Exercise, str] | None = None,
) -> Summary:
    """Write all files, and remove those of learners who are no longer there.

    Args:
        page: makes a learner's HTML.
        summary_page: makes the summary's.
        arrivals: what each learner handed in.
        absent: those in the class list to whom no hand-in belongs, with the reason. They have a row without a score.
        bases: the keys' bases, which say what the grades were made by.

    Raises:
        StoreError: the disk is full, or the folder cannot be written to.
    """
    out = store.folder
    setting = {
        "model": options.model,
        "backend": options.backend,
        "device": options.device,
        "isolation": options.isolation,
    }
    setting["inputs"] = "public and hidden" if options.hidden is not None else "public"
    counting = Counting(course, exercises, setting)
    names = [f"{each.lab}/{each.name}" for each in exercises]
    table: list[list[Any]] = [["learner", "score", "max_score", "ungraded", *names, "id", "handed_in", "made_by"]]
    arrivals = arrivals or {}
    versions = made_by(bases or {})
    names_kept: set[str] = set()
    unscored: list[list[Any]] = []
    learners = out / "learners"
    rows: list[LearnerRow] = []
    try:
        comments, marks = read_comments(out), read_marks(out)
        of_marks = {each.learner for each in marks}
        trees: dict[str, dict[str, Any]] = {}
        known = _Known(exercises)
        for name, kept in store.members():
            arrival = arrivals.get(name, Arrival(name))
            if name in arrivals and arrival.is_nothing:  # an empty folder is no zero either
                unscored.append([name, "", "", 0, *[""] * len(names), arrival.id, NOTHING, ""])
                table.append(unscored[-1])
                rows.append(LearnerRow(name, None, NOTHING, ""))
                continue
            found = [known.of(place, each.body) for place, each in enumerate(kept)]
            result = Result(options.model, options.backend, options.device, options.isolation)
            result.exercises = [each.result for each in found]
            score = None if result.faults else result.score
            if name in of_marks:
                trees[name] = {"max_score": result.max_score, "exercises": [each.tree for each in found]}
                score = score_of(marks, name, trees[name]["exercises"])
            marked = (score,) if name in of_marks else None
            counting.add(result.exercises, [_times(each) for each in kept], marked)
            note = arrival.note(course) if name in arrivals else ""
            table.append([*_row(name, result), arrival.id, note, versions["short"]])
            rows.append(LearnerRow(name, score, note, f"learners/{quote(name)}.html"))
            names_kept |= {f"{name}.json", f"{name}.html"}
            write_atomic(learners / f"{name}.json", _learner_json(name, result, [each.json for each in found]))
            text = with_lines(page(name, result), HANDED_IN, arrival.notes)
            if comments:
                text = with_lines(text, COMMENTS, comments_of(comments, name, [each.tree for each in found]))
            write_atomic(learners / f"{name}.html", text)
        for name, why in absent:
            unscored.append([name, "", "", 0, *[""] * len(names), "", why, ""])
            table.append(unscored[-1])
            rows.append(LearnerRow(name, None, why, ""))
        for line in unscored:
            line[2] = f"{counting.summary.max_score:g}"
        summary, times = counting.finish()
        for place, count in store.different().items():
            summary.exercises[place].different = count
        write_grades(out, table)
        write_atomic(out / "summary.json", _json(summary.as_tree()))
        write_atomic(out / "times.json", _json({name: asdict(one) for name, one in times.items()}))
        write_atomic(out / "summary.html", summary_page(summary, times, rows))
        write_atomic(out / FILE, as_text(arrivals.values()))
        write_atomic(out / "versions.json", _json(versions))
        for path in learners.iterdir():
            if path.name not in names_kept and path.suffix in (".json", ".html"):
                path.unlink()
        apply_marks(out, marks, trees)
        labs = {exercise.lab for exercise in exercises}
        apply(out, [each for each in course.questions() if each.lab in labs], load_answers(out))
    except OSError as error:
        raise StoreError(
            f"{error.filename or out} cannot be written: {error.strerror}; the results are kept: "
            "make room and run the same command again"
        ) from None
    return summary


def mark(
    out: Path, before: Sequence[Mark], after: Sequence[Mark], learner: str, summary_page: SummaryPage
) -> float | None:
    """Keep other marks of a learner, and write the files anew in which points are; the learner's score with them.

    Raises:
        CourseError: the results cannot be read.
        OSError: something cannot be written.
    """
    tree = result_of(out, learner)
    if not has_place((out / "learners" / f"{learner}.html").read_text(encoding="utf-8"), MARKED):
        raise CourseError(
            "the learners' pages are of an older version, and have no place for points by hand: run the same `mechgrade cohort grade` once more"
        )
    try:
        summary = summary_of(json.loads((out / "summary.json").read_text(encoding="utf-8")))
        found = json.loads((out / "times.json").read_text(encoding="utf-8"))
        times = {name: Times(**each) for name, each in found.items()}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CourseError(
            f"the summary in {out} cannot be read ({type(error).__name__}); run `mechgrade cohort grade` again"
        ) from None
    scores = [score_of(marks, learner, tree["exercises"]) for marks in (before, after)]
    summary.count(scores[0], -1)
    summary.count(scores[1])
    write_marks(out, after)
    apply_marks(out, after, {learner: tree})
    write_atomic(out / "summary.json", _json(summary.as_tree()))
    write_atomic(out / "summary.html", summary_page(summary, times, _rows(out)))
    return scores[1]


def _rows(out: Path) -> list[LearnerRow]:
    """The class's list as grades.csv has it."""
    head, *body = read_grades(out)
    found = []
    for line in body:
        row = dict(zip(head, map(without_apostrophe, line), strict=False))
        name, score = row["learner"], number_in(row["score"])
        page = f"learners/{quote(name)}.html" if (out / "learners" / f"{name}.html").is_file() else ""
        found.append(LearnerRow(name, score, row.get("handed_in", ""), page))
    return found


@dataclass(frozen=True)
class _Shared:
    """What the files of all learners with the same result of an exercise have in common."""

    result: ExerciseResult
    tree: dict[str, Any]
    json: str


class _Known:
    """Results by their texts in the store. Equal ones are made once, as long as there are not too many."""

    most = 512

    def __init__(self, exercises: Sequence[Exercise]) -> None:
        self._exercises = exercises
        self._shared: OrderedDict[tuple[int, str | None], _Shared] = OrderedDict()

    def of(self, place: int, body: str | None) -> _Shared:
        """The result of the exercise at a place of the course."""
        found = self._shared.get((place, body))
        if found is None:
            found = self._shared[place, body] = self._made(self._exercises[place], body)
            if len(self._shared) > self.most:
                self._shared.popitem(last=False)
        return found

    def _made(self, exercise: Exercise, body: str | None) -> _Shared:
        if body is not None:
            result = entry.load(body)
        else:
            # The one of equal submissions that was graded for all has met a fault under another learner's name.
            result = ExerciseResult(exercise.lab, exercise.name, exercise.points)
            result.checks.append(
                Check("grading", "infrastructure_error", 0, exercise.points, message="it was not graded")
            )
        tree = result.as_tree()
        del tree["seconds"]
        return _Shared(result, tree, textwrap.indent(json.dumps(tree, indent=1, ensure_ascii=False), "  "))


def _times(kept: Kept) -> tuple[float, float] | None:
    return None if kept.seconds is None or kept.learner_seconds is None else (kept.seconds, kept.learner_seconds)


def _row(name: str, result: Result) -> list[Any]:
    faults = {(each.lab, each.exercise) for each in result.faults}
    # What could not be graded has no score, and neither has the whole: an empty cell is no zero.
    points = ["" if (each.lab, each.exercise) in faults else _cell(each) for each in result.exercises]
    return [name, "" if faults else f"{result.score:g}", f"{result.max_score:g}", len(faults), *points]


def _cell(entry: ExerciseResult) -> str:
    return LEFT_OUT if entry.verdict == "not_applicable" else f"{entry.points:g}"


def _learner_json(name: str, result: Result, exercises: Sequence[str]) -> str:
    """A learner's file; the exercises are texts already."""
    head = {"learner": name, **replace(result, exercises=[]).as_tree()}
    head |= {"score": result.score, "max_score": result.max_score, "exercises": []}
    text = _json(head)
    mark = '"exercises": []'
    before, _, after = text.rpartition(mark)
    return f'{before}"exercises": [\n' + ",\n".join(exercises) + f"\n ]{after}"


def _json(tree: Any) -> str:
    return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"


def made_by(bases: Mapping[Exercise, str]) -> dict[str, Any]:
    """What made the grades: the engine's version, and for each exercise a digest of all that its verdicts depend on.

    ``short`` is one text for all: grades with another were made by another engine, grader, recording or setting.
    """
    found = {str(exercise): base[:16] for exercise, base in bases.items()}
    digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:8]
    return {"mechgrade": __version__, "short": f"mechgrade {__version__}, course {digest}", "exercises": found}
