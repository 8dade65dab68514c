"""The plots that demonstrations save: a PNG, and a page that works offline, both with names on their axes."""

from __future__ import annotations

import numpy as np
import pytest

from mechgrade.bench import plots

WORDS = ["BOS", " the", " cat", " the"]


@pytest.fixture
def saved(desk, monkeypatch):
    """One plot of each kind, saved at the desk."""
    monkeypatch.chdir(desk.root)
    names = {"xlabel": "key (attends to)", "ylabel": "query (from)", "title": "A head"}
    numbers = np.random.default_rng(0).normal(size=(4, 4))
    return [
        plots.heatmap(numbers, x=WORDS, y=WORDS, value="attention", save="attention_patterns/heat", **names),
        plots.lines({"first": numbers[0], "second": numbers[1]}, save="patching_results/lines", **names),
        plots.bars(numbers[0], x=WORDS, save="sae_features/bars", **names),
    ]


def test_each_is_a_picture_and_a_page(desk, saved):
    for path in saved:
        assert path.read_bytes()[:4] == b"\x89PNG"
        assert path.is_relative_to(desk.root / "outputs")
        page = path.with_suffix(".html").read_text()
        assert "key (attends to)" in page and "query (from)" in page and "A head" in page
        assert 'src="plotly.min.js"' in page and "https://cdn" not in page


@pytest.mark.slow
def test_the_page_works_offline_and_shows_values(saved, chromium):
    tab = chromium.new_page(viewport={"width": 900, "height": 600})
    heard: list[str] = []
    tab.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: heard.append(str(error)))
    tab.on(
        "request", lambda request: heard.append(request.url) if not request.url.startswith(("file:", "data:")) else None
    )
    for path in saved:
        tab.goto(path.with_suffix(".html").as_uri())
        tab.wait_for_selector(".plotly g.xtick")
    assert heard == []
    tab.goto(saved[0].with_suffix(".html").as_uri())
    tab.wait_for_selector(".plotly g.xtick")
    # Two tokens of the same word are two columns.
    assert tab.locator(".plotly g.xtick").count() == len(WORDS)
    box = tab.locator(".plotly .xy .plot, .plotly .nsewdrag").last.bounding_box()
    tab.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
    tab.mouse.move(box["x"] + box["width"] * 0.62, box["y"] + box["height"] * 0.62)
    tab.wait_for_selector(".hoverlayer text")
    assert "attention:" in tab.locator(".hoverlayer").text_content()
    tab.close()
