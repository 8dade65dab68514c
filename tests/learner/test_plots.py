"""The plots that demonstrations save: a PNG for each kind, under the course's own outputs/."""

from __future__ import annotations

import numpy as np
import pytest
from support import later

from mechgrade.bench import plots

image = later("matplotlib.image")

WORDS = ["BOS", " the", " cat", " the"]
NAMES = {"xlabel": "key (attends to)", "ylabel": "query (from)", "title": "A head"}
NUMBERS = np.random.default_rng(0).normal(size=(4, 4))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.heatmap(NUMBERS, x=WORDS, y=WORDS, value="attention", save="attention_patterns/heat", **NAMES),
        lambda: plots.lines({"first": NUMBERS[0], "second": NUMBERS[1]}, save="patching_results/lines", **NAMES),
        lambda: plots.bars(NUMBERS[0], x=WORDS, save="sae_features/bars", **NAMES),
    ],
    ids=["heatmap", "lines", "bars"],
)
def test_each_kind_is_one_picture_under_outputs(desk, monkeypatch, draw):
    monkeypatch.chdir(desk.root)
    path = draw()
    assert path.is_relative_to(desk.root / "outputs") and list(path.parent.iterdir()) == [path]
    pixels = image.imread(path)
    assert pixels.shape[0] > 200 and pixels.std() > 0.05, "something is drawn"
