"""What one learner handed in, whatever form it has: for each exercise a text, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mechgrade.course import Course, Exercise, Lab
from mechgrade.submissions.assemble import Code, interface
from mechgrade.submissions.notebook import Texts, cells_of, read_tree, texts_of
from mechgrade.submissions.reading import MAX_SOURCE, SubmissionError, plain, read_code, shown
from mechgrade.submissions.words import BRINGS_BACK

__all__ = ["Submission", "SubmissionError", "Texts"]


@dataclass(frozen=True)
class Submission:
    """A learner's texts. ``Submission(path)`` is a folder of the shape of ``exercises/``; its files are read when asked for.

    Attributes:
        path: what the user named: a folder or a file. It need not exist for texts in memory.
        exercises: what it is for, where that is known: a file's exercise, a notebook's lab. Empty for a folder.
        texts: the texts in memory by lab and name, or why there is none; None where they are read from ``path``.
        files: where an exercise's text lies, if not at ``<path>/<lab>/<name>.py``.
        notes: what the learner should know of how it was read, a sentence each.
        absent: the labs of which nothing was found; the notes say so.
        gone: what to do where a file of the folder is not there.
    """

    path: Path
    exercises: tuple[Exercise, ...] = ()
    texts: Texts | None = field(default=None, repr=False)
    files: Mapping[tuple[str, str], Path] = field(default_factory=dict, repr=False)
    notes: list[str] = field(default_factory=list)
    absent: tuple[str, ...] = ()
    gone: str = ""

    @classmethod
    def of_course(cls, course: Course) -> Submission:
        """The learner's own folder, `exercises/`."""
        return cls(course.root / "exercises", gone=BRINGS_BACK)

    @classmethod
    def from_file(cls, path: Path, exercise: Exercise) -> Submission:
        """One exercise's file, of any name."""
        return cls(path, (exercise,), files={(exercise.lab, exercise.name): path})

    @classmethod
    def from_texts(cls, texts: Mapping[tuple[str, str], str | SubmissionError]) -> Submission:
        """Texts in memory, by lab and name."""
        return cls(Path(), texts=dict(texts))

    @classmethod
    def from_cells(cls, course: Course, exercise: Exercise, cells: Sequence[str]) -> Submission:
        """One exercise in what a kernel has run, in the order in which it ran: the check that runs now is below all of it."""
        names = interface(course, exercise)
        found: str | SubmissionError = Code(cells).assemble(names)
        if not str(found).strip():
            found = SubmissionError(
                f"no cell that you have run defines {exercise.name}: run the cell with your code first"
            )
        return cls(Path(), (exercise,), {(exercise.lab, exercise.name): found})

    @classmethod
    def from_notebook(cls, course: Course, lab: Lab, notebook: Path | Mapping[str, Any], name: str = "") -> Submission:
        """A lab's notebook, as :mod:`mechgrade.submissions.notebook` reads it.

        Args:
            course: the course.
            lab: which lab's notebook it is.
            notebook: its path, or what its JSON says.
            name: what a learner calls it; by default the file's name.
        """
        path = notebook if isinstance(notebook, Path) else Path(name or f"{lab.slug}.ipynb")
        exercises = tuple(lab.exercises.values())
        notes: list[str] = []
        try:
            tree = read_tree(notebook.resolve(), notebook.resolve().parent) if isinstance(notebook, Path) else notebook
            cells, notes = cells_of(tree, shown(path.name))
            texts = texts_of(course, lab, cells, shown(path.name))
        except SubmissionError as error:
            texts = {(exercise.lab, exercise.name): error for exercise in exercises}
        return cls(path, exercises, texts, dict.fromkeys(texts, path), notes)

    def file(self, exercise: Exercise) -> Path:
        """Where an exercise's text came from, to be shown."""
        return self.files.get((exercise.lab, exercise.name), self.path / exercise.lab / f"{exercise.name}.py")

    def source(self, exercise: Exercise) -> str:
        """The text of an exercise: UTF-8 can hold it, its line breaks are Python's, and its size is within bounds.

        Raises:
            SubmissionError: there is none.
        """
        if self.texts is None:
            path = self.file(exercise)
            # A file that the user named may be a link itself.
            real, folder = (path.resolve(), path.resolve().parent) if path == self.path else (path, self.path)
            try:
                return read_code(real, folder)
            except FileNotFoundError:
                advice = f"; {self.gone}" if self.gone else ""
                raise SubmissionError(f"there is no file {exercise}.py in {self.path}{advice}") from None
        found = self.texts.get((exercise.lab, exercise.name), SubmissionError(f"there is nothing for {exercise} here"))
        if isinstance(found, SubmissionError):
            raise SubmissionError(str(found))
        try:
            if len(found.encode()) > MAX_SOURCE:
                raise SubmissionError(
                    f"the code of {exercise} is larger than {MAX_SOURCE // 2**20} MiB; keep only the exercise in it"
                )
        except UnicodeEncodeError:
            raise SubmissionError(
                f"the code of {exercise} holds half a character (a lone surrogate), which no file can hold; write it anew"
            ) from None
        return plain(found)
