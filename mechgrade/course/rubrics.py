"""Rubrics: what the grader of a question looks for. They stand in ``solutions/LAB/rubrics.yaml``, which learners do not get.

Each question of the lab has a list of lines there, such as ``- 4 points: names an experiment that tells the two apart``.
"""

from __future__ import annotations

from mechgrade.course.course import Course, Lab, Question
from mechgrade.course.yamlfile import read
from mechgrade.errors import CourseError


def rubrics(course: Course, lab: Lab) -> dict[Question, tuple[str, ...]]:
    """The rubric of each question of a lab. Where the file is missing, as in a learner's copy of the course, there is none.

    Raises:
        CourseError: the file is there, and is not what it should be; or a question has no rubric in it.
    """
    path = course.rubrics_path(lab)
    shown = path.relative_to(course.root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{shown} cannot be read ({' '.join(str(error).split())[:200]})") from None
    found_in = read(text)
    if found_in.mistakes and text.strip():
        raise CourseError(*(f"{shown}:{mistake}" for mistake in sorted(found_in.mistakes)))
    document = found_in.data or {}
    if not isinstance(document, dict):
        raise CourseError(f"{shown}: found no names of questions; write NAME: and below it a list of lines")
    unknown = [str(name) for name in document if name not in lab.questions]
    if unknown:
        raise CourseError(
            f"{shown}: course.yaml has no question {', '.join(unknown)} in {lab.name}; correct the name, or take it out"
        )
    found = {}
    for name, question in lab.questions.items():
        lines = document.get(name)
        if (
            not isinstance(lines, list)
            or not lines
            or not all(isinstance(line, str) and line.strip() for line in lines)
        ):
            raise CourseError(
                f"{shown}: the question {name} has no rubric; write {name}: and below it a list of lines of text, which say "
                "what gives points. A line with ': ' in it needs quotes"
            )
        found[question] = tuple(" ".join(line.split()) for line in lines)
    return found
