"""The documentation's site: built offline without a warning, every page in it, and nothing fetched when it is read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The built site. ``--strict`` fails on a dead link, a missing anchor, a page outside the navigation."""
    folder = tmp_path_factory.mktemp("site")
    mkdocs = Path(sys.executable).with_name("mkdocs")
    done = subprocess.run(
        [mkdocs, "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there_and_asks_for_nothing(site, chromium):
    pages = sorted(path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md"))
    assert len(pages) >= 10
    tab = chromium.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    for page in pages:
        tab.goto((site / page).as_uri())
        assert tab.locator("h1").count() == 1, page
    tab.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_api_has_signatures_and_docstrings(site):
    text = (site / "api/grading.html").read_text()
    assert "Hold a learner" in text and "facts=function" in text
