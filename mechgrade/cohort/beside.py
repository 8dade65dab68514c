"""What a person has put beside a class's results: lists in JSON, which outlive every grading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from mechgrade.course import CourseError

T = TypeVar("T")


def read_list(path: Path, kind: type[T]) -> list[T]:
    """The entries of a list, each made from its object; none where there is no file.

    Raises:
        CourseError: the file cannot be read.
    """
    try:
        return [kind(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(f"{path} cannot be read ({type(error).__name__}: {error}); correct it by hand") from None
