"""Feedback pages in which nothing of a learner's runs.

A feedback page shows what the learner wrote: Markdown with HTML in it, raw cells, names. It is opened by the instructor, and lies
beside the other learners' pages. So the page carries a content policy: scripts run only with a number that is drawn anew for each
page, and only the scripts of nbgrader's template (formulas) carry it. What a policy cannot forbid, such as a page that sends its reader
elsewhere, is taken out.
"""

from __future__ import annotations

import re
import secrets
from html import escape, unescape
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from mechgrade.doors.nbgrader.written import is_answer_id, without_rubrics
from mechgrade.reports.prose import mathml

#: What may load, and from where: pictures and fonts in the page itself, and the fonts of the formulas.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'nonce-{nonce}' 'strict-dynamic'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "font-src data: https://cdnjs.cloudflare.com",
        "base-uri 'none'",
        "form-action 'none'",
    ]
)

#: Elements that send the reader elsewhere, show another page, or take what is typed.
_TAKEN_OUT = ("meta", "base", "link", "iframe", "frame", "frameset", "object", "embed", "applet", "portal", "form")

_SCORE = re.compile(r"Score: [\d.]+ / ([\d.]+)")

#: A formula in Markdown, in one paragraph: between double dollars, or between single ones with no blank inside.
_FORMULA = re.compile(r"\$\$(?P<block>[^$]+)\$\$|(?<![\w$\\])\$(?P<inline>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\w$])")

#: A longer formula stays as it is written.
_LONGEST = 2_000

_LINKS = ("href", "src", "action", "formaction", "xlink:href", "data", "to", "values", "from")


class Page(HTMLExporter):  # type: ignore[misc]  # nbconvert has no types
    """nbconvert's page, in which only the template's own scripts run."""

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page of a notebook."""
        for cell in nb.cells:
            if cell.cell_type == "raw":  # it would stand in the page as it is
                cell.cell_type, cell.outputs, cell.execution_count = "code", [], None
        without_rubrics(nb)
        nb.metadata.pop("widgets", None)
        bare = new_notebook(metadata={"language_info": {"name": "python"}})
        template, _ = super().from_notebook_node(bare, resources, **kw)
        own = {str(script) for script in BeautifulSoup(template, "html.parser").find_all("script")}
        page, resources = super().from_notebook_node(nb, resources, **kw)
        return _closed(page, own, resources.get("nbgrader", {}).get("written")), resources


def _closed(page: str, own: set[str], written: tuple[float | None, float, list[str]] | None = None) -> str:
    """The page with a policy, without what the policy cannot forbid.

    Args:
        page: HTML.
        own: the template's scripts.
        written: of the answers that a person grades, the points (None where none has any), the most that there can be, and the ids without points.
    """
    nonce = secrets.token_urlsafe(16)
    soup = BeautifulSoup(page, "html.parser")
    _draw_formulas(soup)  # before what is in them is looked through, too
    for script in soup.find_all("script"):
        if str(script) in own:
            script["nonce"] = nonce
        else:
            script.decompose()
    for element in soup.find_all(_TAKEN_OUT):
        element.decompose()
    for element in soup.find_all(True):
        _clean(element)
    _name_entries(soup)
    if written is not None:
        _say_written(soup, *written)
    policy = f'<meta content="{POLICY.format(nonce=nonce)}" http-equiv="Content-Security-Policy"/>'
    # The first thing in the head, before anything that it is about.
    return str(soup).replace("<head>", f'<head><meta charset="utf-8"/>{policy}', 1)


def _draw_formulas(soup: BeautifulSoup) -> None:
    """Formulas as browsers draw them by themselves: the script that would draw them comes from the network."""
    for text in soup.find_all(string=_FORMULA):
        if text.find_parent(["code", "pre", "script", "style", "math", "textarea"]) is not None:
            continue
        whole = _FORMULA.sub(_formula, escape(str(text), quote=False))
        text.replace_with(*list(BeautifulSoup(whole, "html.parser").contents))


def _formula(found: re.Match[str]) -> str:
    body = unescape(found["block"] or found["inline"])
    return mathml(body.strip(), display=found["block"] is not None) if len(body) <= _LONGEST else found[0]


def _name_entries(soup: BeautifulSoup) -> None:
    """Name the exercises in the list above the notebook, where the template has "Test cell" for each."""
    listed = soup.find(id="toc")
    for link in listed.find_all("a") if isinstance(listed, Tag) else []:
        name = str(link.get("href", "")).removeprefix("#")
        if link.string == "Test cell" and name.endswith("-check"):
            link.string = name.removesuffix("-check")
        elif link.string == "Written response" and is_answer_id(name):
            link.string = f"{name.removeprefix('written-answer-')}, a written answer"
        elif link.string == "Comment":
            link.string = f"comment on {name.removeprefix('comment-').removeprefix('written-answer-')}"


def _say_written(soup: BeautifulSoup, points: float | None, most: float, waiting: list[str]) -> None:
    """Say what a person has given. nbgrader's template shows a zero where nobody has given anything yet."""
    head = soup.find("h4")
    if head is not None:
        left = f" so far, {len(waiting)} not graded yet" if waiting else ""
        given = "not graded yet" if points is None else f"{points:g} / {most:g}{left}"
        head.append(f" Written answers: {given}")
    for name in waiting:
        for link in [*soup.find_all("a", href=f"#{name}"), *soup.find_all("a", attrs={"name": name})]:
            place = link.find_next(string=_SCORE)
            if place is not None:
                place.replace_with(_SCORE.sub(r"Not graded yet, at most \1 points", str(place)))


def _clean(element: Tag) -> None:
    for name in list(element.attrs):
        address = "".join(str(element.attrs[name]).split()).lower()
        runs = name.lower().startswith("on") or name.lower() in ("srcdoc", "ping")
        if runs or (name.lower() in _LINKS and address.startswith(("javascript:", "vbscript:", "data:text"))):
            del element[name]
