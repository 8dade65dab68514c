"""The page on which a grader reads written answers: question by question, the rubric above them. It is for graders alone, and runs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from mechgrade.cohort.answers import Row
from mechgrade.course import Question
from mechgrade.reports.html import environment, part_of_page
from mechgrade.reports.prose import render, render_inline


def page(
    title: str, questions: Sequence[Question], rubrics: Mapping[Question, Sequence[str]], rows: Sequence[Row]
) -> str:
    """The page of a class.

    Args:
        title: the course's.
        questions: in order.
        rubrics: what the grader looks for, by question.
        rows: the answers.
    """
    by_question = [(question, [row for row in rows if row.question == str(question)]) for question in questions]
    return (
        environment()
        .get_template("answers.html.j2")
        .render(
            title=title,
            questions=by_question,
            rubrics=rubrics,
            render=render,
            inline=render_inline,
            style=Markup(part_of_page("style.css")),
        )
    )
