"""Feedback pages in which nothing of a learner's runs.

A feedback page shows what the learner wrote: Markdown with HTML in it, raw cells, names. It is opened by the instructor, and lies
beside the other learners' pages. So the page carries a content policy: scripts run only with a number that is drawn anew for each
page, and only the scripts of nbgrader's template (formulas) carry it. What a policy cannot forbid, such as a page that sends its reader
elsewhere, is taken out.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from mechgrade.doors.nbgrader.written import without_rubrics

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


def _closed(page: str, own: set[str], written: tuple[float, float, list[str]] | None = None) -> str:
    """The page with a policy, without what the policy cannot forbid.

    Args:
        page: HTML.
        own: the template's scripts.
        written: of the answers that a person grades, the points, the most that there can be, and the ids without points.
    """
    nonce = secrets.token_urlsafe(16)
    soup = BeautifulSoup(page, "html.parser")
    for script in soup.find_all("script"):
        if str(script) in own:
            script["nonce"] = nonce
        else:
            script.decompose()
    for element in soup.find_all(_TAKEN_OUT):
        element.decompose()
    for element in soup.find_all(True):
        _clean(element)
    if written is not None:
        _say_written(soup, *written)
    policy = f'<meta content="{POLICY.format(nonce=nonce)}" http-equiv="Content-Security-Policy"/>'
    # The first thing in the head, before anything that it is about.
    return str(soup).replace("<head>", f'<head><meta charset="utf-8"/>{policy}', 1)


def _say_written(soup: BeautifulSoup, points: float, most: float, waiting: list[str]) -> None:
    """Say what a person has given. nbgrader's template shows a zero where nobody has given anything yet."""
    head = soup.find("h4")
    if head is not None:
        left = f"; {len(waiting)} not graded yet" if waiting else ""
        head.append(f" Written answers: {points:g} / {most:g}{left}")
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
