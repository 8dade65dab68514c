"""A learner's directory, or one file of it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from mechgrade.course import Course, CourseError, Exercise

#: A learner's file is text that a person wrote; more than this is something else.
MAX_SOURCE = 2**20


class SubmissionError(Exception):
    """An exercise's file is not there or is no text; the text says which, and what to do."""


@dataclass(frozen=True)
class Submission:
    """Where the learner's files are: ``<path>/<lab>/<exercise>.py``, or ``path`` itself for one exercise.

    Attributes:
        path: a directory of the shape of ``exercises/``, or a single file.
        only: the exercise that a single file is for.
    """

    path: Path
    only: Exercise | None = None

    def file(self, exercise: Exercise) -> Path:
        """The learner's file for an exercise."""
        return self.path if self.only else self.path / exercise.lab / f"{exercise.name}.py"

    def source(self, exercise: Exercise) -> str:
        """The text of that file.

        Raises:
            SubmissionError: it is missing, too large, or not UTF-8.
        """
        path = self.file(exercise)
        try:
            # The grader may read what a learner may not: a link from a submission to a solution would be graded as the learner's.
            if self.only is None and not path.resolve(strict=True).is_relative_to(self.path.resolve()):
                raise SubmissionError(f"{path.name} is a link out of the submission; put the file itself there")
            # Not blocking, for a pipe that nobody writes to.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise SubmissionError(f"{path.name} is no file of text")
                text = file.read(MAX_SOURCE + 1)
            if len(text) > MAX_SOURCE:
                raise SubmissionError(
                    f"{path.name} is larger than {MAX_SOURCE // 2**20} MiB; keep only the exercise in it"
                )
            return text.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
        except FileNotFoundError:
            raise SubmissionError(f"there is no file {exercise.lab}/{exercise.name}.py in {self.path}") from None
        except UnicodeDecodeError as error:
            raise SubmissionError(
                f"{path.name} is not UTF-8 text (byte {error.start}); save it again with that encoding"
            ) from None
        except (OSError, RuntimeError) as error:  # RuntimeError: links that lead round in a circle
            raise SubmissionError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def find_submission(course: Course, path: Path, lab: str | None = None, exercise: str | None = None) -> Submission:
    """The submission at a path that a user named.

    Raises:
        CourseError: nothing is there, or a file that is no exercise's.
    """
    if path.is_dir():
        return Submission(path.absolute())
    if path.is_file():
        if path.suffix != ".py":
            raise CourseError(f"{path} is no Python file; give a directory like exercises/, or one exercise's .py")
        parent = path.absolute().parent.name
        where = lab or (parent if parent in course.labs else None)
        return Submission(path.absolute(), course.exercise(exercise or path.stem, where))
    raise CourseError(f"there is nothing at {path}; give a directory like exercises/, or one exercise's .py")
