"""The page of pairs whose code is alike, side by side. It loads nothing, and runs no script."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from mechgrade.cohort.similarity import COMMON, Pair
from mechgrade.reports.html import environment, part_of_page

#: More pairs are listed, and not shown side by side.
SHOWN = 40


def page(title: str, learners: int, pairs: Sequence[Pair], least: float) -> str:
    """The page of a class.

    Args:
        title: the course's.
        learners: how many were compared.
        pairs: those with most in common first.
        least: the share from which code counted as alike.
    """
    return (
        environment()
        .get_template("similarity.html.j2")
        .render(
            title=title,
            learners=learners,
            pairs=pairs,
            shown=SHOWN,
            least=least,
            common=COMMON,
            style=Markup(part_of_page("style.css")),
        )
    )
