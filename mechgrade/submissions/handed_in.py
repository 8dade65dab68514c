"""What a learner hands in, whatever its form: which file counts for each exercise, what was passed over and why, what is missing.

A hand-in is a folder, an archive, a file, or several of these. Archives are opened, archives inside them too.

**An exercise's file** is the one of its name. In a folder named like the lab it comes before others, and further up before
further down, and the newer before the older. Where none has the exact name, the names count that browsers, platforms and people make of it
(:mod:`mechgrade.submissions.names`), the newest first. Files in the folder of another lab are that lab's, and so is a notebook of
another lab's name.

**The lab's notebook** is the one named like the lab (``03-induction-head-analysis.ipynb``), by the same rule. Where none is, or
nothing was written in it yet, it is the one in which most exercises of the lab are begun; of equals, the one that holds most of its
checks and stubs, then the first by its path.

**A file counts more than the notebook,** exercise by exercise. Only where nothing was written in the file yet, or the file cannot be
read, the next one that has an answer counts: people hand in the course's whole folder, stubs and all.

**Answers to questions that a person grades** are in ``answers.md``, whose name may be changed in the same ways, or in the notebook's
cells. A file counts more than the notebook, except for questions for which nothing is written in it.

**The file of an exercise that is part of another now** (``merged`` in course.yaml) is read together with the other's: the functions that
only the older file has are taken from it.

**Of several attempts** that a platform's names tell apart the latest counts, whatever its files are called. Only for an exercise that it does
not answer an earlier one counts.

**A Python file of any other name** counts last, for each exercise whose function it defines, the newest first. It is read as a notebook's cell
is: the functions that are needed, and what these use.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mechgrade.course import ANSWERS_FILE, Course, Exercise, Lab, Question
from mechgrade.submissions.archive import is_archive, is_sealed
from mechgrade.submissions.arrived import Arrived, File, Ignored, Part, arrived, in_order, newest_first, no_work
from mechgrade.submissions.assemble import Code, interface
from mechgrade.submissions.blank import UNTOUCHED, why_blank
from mechgrade.submissions.merged import joined, missing_in
from mechgrade.submissions.names import Match, is_tool, match, name_of
from mechgrade.submissions.notebook import Answers, NoCodeError, Texts, cells_of, read_tree, texts_of
from mechgrade.submissions.reading import SubmissionError, read_code, shown
from mechgrade.submissions.submission import Submission
from mechgrade.submissions.words import missing_in_words, named_for, not_begun_in_words
from mechgrade.submissions.written import Written, read_written

#: What is looked at of files of one name and of notebooks, at most.
MAX_EQUALS = 20

#: Errors that are no hand-in's: the disk is full or fails, or too many files are open.
_OF_THE_MACHINE = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM])

_ANSWERS = Path(ANSWERS_FILE).stem

#: How many names a sentence holds.
_MANY = 5


@dataclass(frozen=True)
class HandIn:
    """A hand-in that was read.

    Attributes:
        submission: the texts, or why there are none.
        used: where each exercise's text came from, by lab and name.
        ignored: the files that were not used.
        missing: the exercises without a text.
        written: the answers to the labs' questions that a person grades.
        joined: the exercises, by lab and name, whose text was made of more files than the one in ``used``.
        blank: by lab and name, why the text of an exercise holds no answer: it is the stub, it is empty, it defines another function.
    """

    submission: Submission
    used: Mapping[tuple[str, str], Path]
    ignored: Sequence[Ignored]
    missing: Sequence[Exercise]
    written: Mapping[Question, Written] = field(default_factory=dict)
    joined: frozenset[tuple[str, str]] = frozenset()
    blank: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def begun(self) -> list[Exercise]:
        """The exercises in which something is written."""
        missing = set(self.missing)
        return [
            each
            for each in self.submission.exercises
            if each not in missing and (each.lab, each.name) not in self.blank
        ]

    @property
    def absent(self) -> list[str]:
        """The labs of which nothing at all was found, in the order of the course."""
        labs = dict.fromkeys(exercise.lab for exercise in self.submission.exercises)
        there = {lab for lab, _ in self.used}
        return [lab for lab in labs if lab not in there]

    def lines(self, course: Course) -> list[str]:
        """What was used, ignored and is missing, a sentence each: the same words for learners and instructors."""
        by_file: dict[Path, list[str]] = {}
        for exercise in self.begun:
            by_file.setdefault(self.used[exercise.lab, exercise.name], []).append(exercise.name)
        found = [f"used: {shown(path)}" + named_for(path, names) for path, names in by_file.items()]
        for question, answer in self.written.items():
            where = f"{shown(answer.file)}, " if answer.file is not None else ""
            found.append(f"question {question}: {where}{answer.state}")
        blank = [(name, self.used[lab, name], why) for (lab, name), why in self.blank.items()]
        found += [f"not begun: {each}" for each in not_begun_in_words(blank)]
        found += [f"ignored: {each}" for each in self.ignored]
        return [*found, *(f"missing: {each}" for each in missing_in_words(course, self.missing))]


def read_upload(course: Course, lab: Lab, *parts: Path) -> Submission:
    """A lab's exercises in what was handed in. See :func:`read_hand_in`."""
    return read_hand_in(course, [lab], *parts).submission


def read_hand_in(course: Course, labs: Sequence[Lab], *parts: Path | Part) -> HandIn:
    """Some labs' exercises in what was handed in. See above for what counts.

    Args:
        course: the course.
        labs: which labs are looked for.
        parts: folders, archives and files that make up the hand-in. Where each text came from is told by paths below them.
    """
    paths = [each.path if isinstance(each, Part) else each for each in parts]
    path = paths[0] if len(paths) == 1 else Path()
    try:
        with arrived(course, *parts) as came:
            return _Reading(course, labs, came).hand_in(path)
    except Exception as error:  # whatever it holds, its learner gets a verdict with a reason, and the others are graded
        if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
            raise
        return _unreadable(
            labs, path, f"what was handed in cannot be read ({type(error).__name__}: {str(error)[:200]})"
        )


def _unreadable(labs: Sequence[Lab], path: Path, why: str) -> HandIn:
    exercises = tuple(exercise for lab in labs for exercise in lab.exercises.values())
    texts: Texts = {(each.lab, each.name): SubmissionError(shown(why)) for each in exercises}
    return HandIn(
        Submission(path, exercises, texts, {}, [shown(why)]),
        {},
        [Ignored(Path(path.name), shown(why))],
        exercises,
        {question: Written() for lab in labs for question in lab.questions.values()},
    )


def pick_notebook(course: Course, lab: Lab, folder: Path, notes: list[str] | None = None) -> bytes | Path | None:
    """The lab's notebook in a folder: its path below the folder, or its text where it lies in an archive. None where there is none.

    Args:
        course: the course.
        lab: which lab's.
        folder: what was handed in.
        notes: takes what a learner should know.
    """
    with arrived(course, folder) as came:
        reading = _Reading(course, [lab], came)
        chosen = reading.notebook(lab)
        if notes is not None:
            notes += reading.notes
        if chosen is None or chosen.root == folder:
            return chosen.shown if chosen else None
        return chosen.path.read_bytes()


@dataclass
class _Reading:
    course: Course
    labs: Sequence[Lab]
    came: Arrived
    notes: list[str] = field(default_factory=list)
    #: why a file was not used, by its path in the hand-in
    why: dict[Path, str] = field(default_factory=dict)
    _chosen: dict[str, File | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.notes += self.came.notes
        exercises = list(self.course.exercises())
        names = list(dict.fromkeys(exercise.name for exercise in exercises))
        places = {name: lab for lab in self.course.labs.values() for name in (lab.slug, lab.name)}
        older = [name for lab in self.course.labs.values() for name in lab.merged]
        self._named: dict[File, Match] = {}  # Python files and texts that are named like an exercise
        self._older: dict[File, Match] = {}  # those that are named like an exercise which is part of another now
        self._taken: dict[Path, tuple[str, str]] = {}  # of these, what was taken from, with the exercise
        self._loose: list[File] = []  # Python files of other names
        self._notebooks: dict[File, tuple[Lab, Match] | None] = {}
        self._answers: dict[File, Match] = {}  # files of answers to questions
        asks = bool(self.course.questions())
        for file in self.came.files:
            kind = name_of(file.path.name).kind
            if kind == "notebook":
                like = match(file.path.name, places, ".ipynb")
                self._notebooks[file] = (places[like.name], like) if like else None
            elif asks and kind in ("markdown", "text") and (like := match(file.path.name, [_ANSWERS], ".md")):
                self._answers[file] = like
            elif kind == "markdown":
                self.why[file.shown] = no_work(file.path.name)
            elif is_tool(file.path.name):
                self.why[file.shown] = "it is a test or a tool's file, and no answer"
            elif like := match(file.path.name, names, ".py"):
                self._named[file] = like
            elif like := match(file.path.name, older, ".py"):
                self._older[file] = like
            elif kind == "python":
                self._loose.append(file)
            else:
                self.why[file.shown] = no_work(file.path.name)

    def hand_in(self, path: Path) -> HandIn:
        """Choose for each exercise of the labs."""
        texts: Texts = {}
        origins: dict[tuple[str, str], Path] = {}
        for lab in self.labs:
            self._lab(lab, texts, origins)
        chosen = tuple(exercise for lab in self.labs for exercise in lab.exercises.values())
        missing = [exercise for exercise in chosen if isinstance(texts[exercise.lab, exercise.name], SubmissionError)]
        written = {question: answer for lab in self.labs for question, answer in self._written(lab).items()}
        used = (
            set(origins.values()) | set(self._taken) | {each.file for each in written.values() if each.file is not None}
        )
        ignored = list(self.came.ignored)
        ignored += [Ignored(each.shown, self._reason(each)) for each in self.came.files if each.shown not in used]
        # A file from which nothing came was tried in vain. Where it gave something, a missing exercise has its own reason.
        useful = {origins[key] for key, text in texts.items() if key in origins and isinstance(text, str)}
        in_vain: dict[Path, str] = {}
        for exercise in missing:
            place = origins.get((exercise.lab, exercise.name))
            if place is not None and place not in useful:
                in_vain.setdefault(place, self.why.get(place, str(texts[exercise.lab, exercise.name])))
        ignored += [Ignored(place, why) for place, why in in_vain.items()]
        submission = Submission(path, chosen, texts, origins, self.notes)
        whys = {
            key: why_blank(self.course, exercise, texts[key])
            for exercise in chosen
            if (key := (exercise.lab, exercise.name)) in origins
        }
        blank = {key: why for key, why in whys.items() if why}
        return HandIn(submission, origins, ignored, missing, written, frozenset(self._taken.values()), blank)

    # --- one lab -----------------------------------------------------------------------------------------------------------

    def _lab(self, lab: Lab, texts: Texts, origins: dict[tuple[str, str], Path]) -> None:
        notebook = self.notebook(lab)
        cells = self._cells(lab, notebook) if notebook is not None else {}
        loose = self._defining(lab)
        before_cells: list[Exercise] = []
        for exercise in lab.exercises.values():
            key = (lab.name, exercise.name)
            named = self._files_of(lab, exercise)
            found = [(file, _text(exercise, file)) for file in named]
            if notebook is not None:
                found.append((notebook, cells[key]))
            found += [(file, code.assemble(interface(self.course, exercise))) for file, code in loose.get(exercise, [])]
            older = self._older_of(lab, exercise)
            if all(isinstance(text, SubmissionError) for _, text in found):
                found += older[:1]
            if not found:
                texts[key] = self._no_file(exercise)
                continue
            # What was handed in later counts more. The sort keeps the order of what arrived together.
            found.sort(key=lambda each: -each[0].attempt)
            order = [each for each, _ in found]
            answers = [each for each in found if self._is_answer(exercise, each[1])] if len(found) > 1 else []
            file, text = (answers or found)[0]
            origins[key] = file.shown
            texts[key] = self._with_older(exercise, file, text, older)
            for other, unused in found:
                if other != file and other != notebook:
                    came_first = other in named and order.index(other) < order.index(file)
                    self.why.setdefault(
                        other.shown,
                        self._blank(exercise, unused)
                        if came_first
                        else f"{shown(file.shown)} was used for {exercise.name}",
                    )
            if file == notebook:
                where = shown(notebook.shown)
                if named and order.index(named[0]) < order.index(file):
                    self.notes.append(f"{shown(named[0].shown)} holds no answer; the cells of {where} were graded")
                continue
            if len(named) > 1:
                self.notes.append(f"{exercise.name}.py is there {len(named)} times; {shown(file.shown)} was graded")
            elif file.path.name != f"{exercise.name}.py" and file not in self._older:
                self.notes.append(f"{shown(file.shown)} was graded as {exercise.name}.py")
            if notebook is not None and any(other == notebook for other, _ in answers):
                before_cells.append(exercise)
        if notebook is not None and before_cells:
            names = ", ".join(f"{each.name}.py" for each in before_cells)
            self.notes.append(f"files count more than {shown(notebook.shown)}: its cells for {names} were not graded")
        if notebook is not None:
            gave = any(origins.get(key) == notebook.shown and isinstance(texts[key], str) for key in cells)
            if not gave and (why := _nothing_of(cells, before_cells)):
                self.why[notebook.shown] = why

    def _files_of(self, lab: Lab, exercise: Exercise) -> list[File]:
        """The files that are named like an exercise, in the order in which they count."""
        found = [
            (file, like)
            for file, like in self._named.items()
            if like.name == exercise.name and self._is_near(lab, file)
        ]
        return in_order(lab, found)[:MAX_EQUALS]

    def _older_of(self, lab: Lab, exercise: Exercise) -> list[tuple[File, str | SubmissionError]]:
        """The files of exercises that are part of an exercise now, one for each that has something written, and their texts."""
        found = []
        for old in (old for old, now in lab.merged.items() if now == exercise.name):
            named = [
                (file, like) for file, like in self._older.items() if like.name == old and self._is_near(lab, file)
            ]
            texts = [(file, _text(exercise, file)) for file in in_order(lab, named)[:MAX_EQUALS]]
            found += [each for each in texts if self._is_answer(exercise, each[1])][:1]
        return found

    def _with_older(
        self,
        exercise: Exercise,
        file: File,
        text: str | SubmissionError,
        older: list[tuple[File, str | SubmissionError]],
    ) -> str | SubmissionError:
        """The text of an exercise's file, with the functions that only older files have."""
        for other, written in older:
            names = interface(self.course, exercise)
            old, where = self._older[other].name, shown(other.shown)
            if other == file:
                self.notes.append(f"{old} is part of {exercise.name} now; {where} was graded as {exercise.name}.py")
                continue
            # Where the newer file cannot be read, grading says so.
            taken = (
                []
                if isinstance(text, SubmissionError) or isinstance(written, SubmissionError)
                else missing_in(text, written, names)
            )
            if not taken:
                self.why[other.shown] = f"{old} is part of {exercise.name} now, and {shown(file.shown)} was used for it"
                continue
            whole = joined(str(text), str(written), names)
            if whole is None:
                self.why[other.shown] = (
                    f"{old} is part of {exercise.name} now, and {shown(file.shown)} has other helpers of the same names; "
                    f"copy {' and '.join(taken)} into {exercise.name}.py"
                )
                self.notes.append(f"{where} was not graded: {self.why[other.shown]}")
                continue
            text = whole
            self._taken[other.shown] = (exercise.lab, exercise.name)
            self.notes.append(
                f"{old} is part of {exercise.name} now; {' and '.join(taken)} was graded as it is in {where}"
            )
        return text

    def _defining(self, lab: Lab) -> dict[Exercise, list[tuple[File, Code]]]:
        """The Python files of other names that define what an exercise's grader calls, and no other exercise's."""
        found: dict[Exercise, list[tuple[File, Code]]] = {}
        near = newest_first(file for file in self._loose if self._is_near(lab, file))[:MAX_EQUALS]
        if not near:
            return found
        names = {exercise: interface(self.course, exercise) for exercise in lab.exercises.values()}
        often = Counter(name for each in names.values() for name in {*each})
        own = {exercise: [name for name in each if often[name] == 1] for exercise, each in names.items()}
        for file in near:
            try:
                code = Code([read_code(file.path, file.root)])
            except (SubmissionError, FileNotFoundError) as error:
                self.why.setdefault(file.shown, str(error))
                continue
            for exercise, mine in own.items():
                if code.defines(mine):
                    found.setdefault(exercise, []).append((file, code))
        return found

    def notebook(self, lab: Lab) -> File | None:
        """The lab's notebook."""
        if lab.name not in self._chosen:
            self._chosen[lab.name] = self._choose_notebook(lab)
        return self._chosen[lab.name]

    def _choose_notebook(self, lab: Lab) -> File | None:
        near = [file for file in self._notebooks if self._is_near(lab, file)]
        mine = {file: of[1] for file in near if (of := self._notebooks[file]) and of[0] == lab}
        named = in_order(lab, mine.items())
        others = sorted(
            (file for file in near if self._notebooks[file] is None),
            key=lambda file: (-file.attempt, len(file.shown.parts), -file.number, file.shown),
        )
        found = [*named, *others][:MAX_EQUALS]
        if len(found) < 2:
            return found[0] if found else None
        answered = {file: self._answered(lab, file) for file in found}
        # Of several attempts the latest in which something is begun.
        latest = max((file.attempt for file in found if answered[file][0] > 0), default=None)
        of_it = [file for file in found if latest is None or file.attempt == latest]
        begun = [file for file in of_it if file in mine and answered[file][0] > 0]
        # max takes the first of equals.
        chosen = begun[0] if begun else max(of_it, key=lambda file: answered[file])
        unchosen = [shown(file.shown) for file in found if file != chosen]
        names = ", ".join([*unchosen[:_MANY], *(["others"] if len(unchosen) > _MANY else [])])
        self.notes.append(f"there are {len(found)} notebooks; {shown(chosen.shown)} was graded, and not {names}")
        for file in found:
            if file != chosen:
                self.why.setdefault(file.shown, f"{shown(chosen.shown)} was taken for the notebook of {lab.name}")
        return chosen

    def _answered(self, lab: Lab, file: File) -> tuple[int, int]:
        try:
            cells, _ = cells_of(read_tree(file.path, file.root), shown(file.shown))
        except SubmissionError:
            return (-1, -1)
        return Answers(self.course, lab, cells).answered()

    def _cells(self, lab: Lab, file: File) -> Texts:
        try:
            cells, found = cells_of(read_tree(file.path, file.root), shown(file.shown))
        except SubmissionError as error:
            self.notes.append(str(error))
            return {(lab.name, name): error for name in lab.exercises}
        self.notes += found
        return texts_of(self.course, lab, cells, shown(file.shown))

    def _written(self, lab: Lab) -> dict[Question, Written]:
        """The answers to a lab's questions."""
        if not lab.questions:
            return {}
        files = in_order(lab, [each for each in self._answers.items() if self._is_near(lab, each[0])])[:MAX_EQUALS]
        return read_written(self.course, lab, files, self.notebook(lab), self.why)

    # --- words -------------------------------------------------------------------------------------------------------------

    def _is_near(self, lab: Lab, file: File) -> bool:
        """Whether a file lies where the lab's files may lie: not in the folder of another lab, nor under another lab's name."""
        foreign = {name for other in self.course.labs.values() if other != lab for name in (other.name, other.slug)}
        of = self._notebooks.get(file)
        return not foreign.intersection(file.shown.parts[:-1]) and (of is None or of[0] == lab)

    def _reason(self, file: File) -> str:
        if file.shown in self.why:
            return self.why[file.shown]
        asked = {exercise.name for lab in self.labs for exercise in lab.exercises.values()}
        if not any(self._is_near(lab, file) for lab in self.labs):
            return "it is in the folder, or has the name, of another lab"
        if file in self._named:
            name = self._named[file].name
            return "another file of this name was used" if name in asked else f"{name} is an exercise of another lab"
        if file in self._answers:
            return "another file of answers was used, or no question is asked here"
        if file in self._notebooks:
            return "nothing that is asked for is in its cells"
        return "it is named like no exercise, and defines no function that is asked for"

    def _no_file(self, exercise: Exercise) -> SubmissionError:
        """Why there is nothing: what could not be read may hold it, an archive, or a file of its name of another kind."""
        other = [Ignored(file.shown, self.why[file.shown]) for file in self.came.files if file.shown in self.why]
        found = [
            each
            for each in (*self.came.ignored, *other)
            if is_archive(each.path.name)
            or is_sealed(each.path.name)
            or match(f"{each.path.stem}.py", [exercise.name], ".py")
        ]
        if not self.came.files:  # nothing at all can be read
            found += [each for each in self.came.ignored if each not in found]
        why = "".join(f"; {each}" for each in found[:2])
        return SubmissionError(f"there is no file {exercise}.py in the submission{why}")

    def _blank(self, exercise: Exercise, text: str | SubmissionError) -> str:
        """Why a file that would have counted gave way to another."""
        return str(text) if isinstance(text, SubmissionError) else why_blank(self.course, exercise, text) or UNTOUCHED

    def _is_answer(self, exercise: Exercise, text: str | SubmissionError) -> bool:
        """Whether a text defines what the grader calls, and not only as the stub does."""
        return isinstance(text, str) and Code([text]).written(interface(self.course, exercise)) > 0


def _nothing_of(cells: Texts, before: Sequence[Exercise]) -> str:
    """Why nothing of a notebook was graded; empty where each exercise's own reason says it.

    Args:
        cells: what its cells gave for each exercise of the lab.
        before: the exercises that its cells answer and a file does, too.
    """
    if before:
        names = ", ".join(each.name for each in before)
        return f"files count more than a notebook, and there is one for each exercise in it: {names}"
    reasons = [text for text in cells.values() if isinstance(text, SubmissionError)]
    misplaced = next((str(each) for each in reasons if isinstance(each, NoCodeError)), "")
    if misplaced or len(set(map(str, reasons))) < 2:
        return misplaced
    return "no code cell of it defines a function that is asked for; keep the stubs' names"


def _text(exercise: Exercise, file: File) -> str | SubmissionError:
    try:
        return read_code(file.path, file.root)
    except FileNotFoundError:
        return SubmissionError(f"there is no file {exercise}.py in the submission")
    except SubmissionError as error:
        return error
