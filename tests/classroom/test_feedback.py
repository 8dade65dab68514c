"""A feedback page runs nothing that a learner wrote: not as it is made, and not in the browser of whoever opens it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from support import later

pytestmark = pytest.mark.long

nbformat = later("nbformat")
playwright = later("playwright.sync_api")
converters = later("nbgrader.converters")
nbgrader_feedback = later("mechgrade.doors.nbgrader.feedback")

RUN = "document.title='ESCAPED'"

#: What a learner may write into a Markdown cell.
HOSTILE = [
    f"<script>{RUN}</script>",
    f"<svg onload=\"{RUN}\"></svg>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin=\"{RUN}\" attributeName=x dur=1s /></svg>",
    f"<img src=x onerror=\"{RUN}\">",
    f"<details open ontoggle=\"{RUN}\">x</details>",
    f"<iframe srcdoc=\"<script>parent.{RUN}</script>\"></iframe>",
    f"<iframe src=\"javascript:parent.{RUN}\"></iframe>",
    f"<object data=\"javascript:{RUN}\"></object>",
    f"<embed src=\"javascript:{RUN}\">",
    f"<a id=\"click\" href=\"javascript:{RUN}\">click</a>",
    f"<a id=\"click\" href=\"jav&#x09;ascript:{RUN}\">click</a>",
    f"[click](javascript:{RUN.replace(chr(39), chr(34))})",
    f"<form action=\"javascript:{RUN}\"><button id=\"click\">click</button></form>",
    f"<button id=\"click\" formaction=\"javascript:{RUN}\">click</button>",
    f"<math><a xlink:href=\"javascript:{RUN}\" id=\"click\">click</a></math>",
    f"<script nonce>{RUN}</script><script nonce=\"\">{RUN}</script>",
    f"<noscript><p title=\"</noscript><img src=x onerror={RUN}>\"></noscript>",
    f"<style>@import 'x';</style><style onload=\"{RUN}\"></style>",
    f"<input autofocus onfocus=\"{RUN}\">",
    "<base href=\"https://evil.invalid/\"><script src=\"x.js\"></script>",
    f"$$\\href{{javascript:{RUN}}}{{click}}$$",
    f"$$\\text{{<script>{RUN}</script>}}$$ and $\\text{{<img src=x onerror={RUN}>}}$",
    f"<!--><img src=x onerror={RUN}>-->",
    "<meta http-equiv=\"refresh\" content=\"0;url=about:blank#ESCAPED\">",
]  # fmt: skip


def _page(nb: Any) -> str:
    """The page that nbgrader's converter would write, with its own template."""
    converter = converters.GenerateFeedback()
    exporter = nbgrader_feedback.Page(config=converter.config)
    resources = {"nbgrader": {"notebook": "lab3", "score": 1, "max_score": 2, "late_penalty": 0}}
    page: str = exporter.from_notebook_node(nb, resources)[0]
    return page


def test_formulas_are_drawn_without_the_network_and_exercises_have_names() -> None:
    cells = [
        nbformat.v4.new_markdown_cell(
            "For prompt $b$ with $\\ell_{b} < 3$:\n\n$$\\frac{1}{2}\n + x$$\n\nIt costs $5 and $6; `$x$` is code."
        ),
        nbformat.v4.new_code_cell("check()", metadata={"nbgrader": _entry("find_heads-check", grade=True)}),
        nbformat.v4.new_markdown_cell(
            "x", metadata={"nbgrader": _entry("written-answer-why", grade=True, solution=True)}
        ),
    ]
    soup = BeautifulSoup(_page(nbformat.v4.new_notebook(cells=cells)), "html.parser")
    assert len(soup.find_all("math")) == 3 and len(soup.find_all("mfrac")) == 1
    text = soup.find(id="notebook").get_text()
    assert "It costs $5 and $6; $x$ is code." in text and "\\ell" not in text and "frac" not in text
    assert [each.get_text() for each in soup.find(id="toc").find_all("a")][:2] == [
        "find_heads",
        "why, a written answer",
    ]


def _entry(name: str, **flags: Any) -> dict[str, Any]:
    base = {"grade_id": name, "grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {**base, "points": 5, "score": 1, **flags}


@pytest.fixture
def show(tmp_path: Path, chromium: Any) -> Any:
    """``show(page)``: what opening it, and clicking at what asks for it, made of its title and its address."""

    def call(page: str) -> tuple[str, str, list[str]]:
        file = tmp_path / "page.html"
        file.write_text(page, encoding="utf-8")
        tab = chromium.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(file.as_uri(), wait_until="load")
        tab.wait_for_timeout(100)
        with contextlib.suppress(playwright.Error):  # a page that leads elsewhere by itself goes away under the click
            for element in tab.query_selector_all("#click, .text_cell_render a"):
                element.dispatch_event("click")
        tab.wait_for_timeout(100)
        seen = tab.title(), tab.url, [url for url in asked if "evil" in url]
        tab.close()
        return seen

    return call


def test_the_attacks_work_where_nothing_is_done_about_them(show: Any) -> None:
    """Otherwise the next test would pass for a page on which nothing could ever run."""
    works = sum("ESCAPED" in " ".join(show(f"<html><head><title>fine</title></head><body>{text}</body></html>")[:2]) for text in HOSTILE)  # fmt: skip
    assert works >= 10


@pytest.mark.parametrize("where", ["markdown", "raw", "code", "comment"])
def test_nothing_of_a_learner_runs_in_a_feedback_page(where: str, show: Any) -> None:
    cells: list[Any] = []
    for number, text in enumerate(HOSTILE):
        own = {"nbgrader": {"grade_id": f"cell{number}", "solution": True, "grade": False, "schema_version": 3}}
        if where == "markdown":
            cells.append(nbformat.v4.new_markdown_cell(text))
        elif where == "raw":
            cells.append(nbformat.v4.new_raw_cell(text, metadata={"raw_mimetype": "text/html"}))
        elif where == "code":
            cells.append(
                nbformat.v4.new_code_cell(text, outputs=[nbformat.v4.new_output("display_data", {"text/html": text})])
            )
        else:
            own["nbgrader"]["comment"] = text
            cells.append(nbformat.v4.new_code_cell("x = 1", metadata=own))
    nb = nbformat.v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}, "title": HOSTILE[0]})
    title, address, asked = show(_page(nb))
    assert title == "lab3"
    assert address.endswith("page.html") and asked == []


def test_what_a_page_should_show_is_still_there(show: Any) -> None:
    text = (
        "# Heads\n\n**bold** and $x^2$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![p](data:image/png;base64,iVBORw0KGgo=)"
    )
    picture = '<div style="color:red"><svg width="3"><rect width="2"></rect></svg></div>'
    code = nbformat.v4.new_code_cell(
        "def f(): pass", outputs=[nbformat.v4.new_output("display_data", {"text/html": picture})]
    )
    page = _page(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text), code]))
    for part in ("<strong>bold</strong>", "<msup>", "<td>1</td>", "data:image/png", "<rect", "color:red", "mathjax"):
        assert part in page, part
    assert page.count("Content-Security-Policy") == 1
    assert page.index("Content-Security-Policy") < page.index("<script")
