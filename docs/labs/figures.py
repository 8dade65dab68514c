"""The figures of the labs' pages, drawn and not photographed: ``python docs/labs/figures.py [FOLDER]`` writes them as SVG.

They show ideas, not measurements: what a model really does is plotted by the exercises.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

# The same bytes on every run: no random ids, no date.
mpl.rcParams.update({"svg.hashsalt": "mechgrade", "svg.fonttype": "path", "font.size": 10})

BLUE, ORANGE, GREY = "#2b6cb0", "#c05621", "#718096"


def _canvas(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    return figure, axes


def _box(axes: Any, x: float, y: float, text: str, colour: str) -> None:
    axes.text(x, y, text, ha="center", va="center", color="white", bbox={"boxstyle": "round,pad=0.4", "fc": colour})


def _arrow(
    axes: Any, start: tuple[float, float], end: tuple[float, float], colour: str = GREY, width: float = 1.5
) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": width})


def residual_stream() -> Figure:
    """A stream from the embedding to the logits, to which attention and MLP of each layer add."""
    figure, axes = _canvas(9, 2.8)
    axes.set(xlim=(0, 12.4), ylim=(-0.3, 2.6))
    _arrow(axes, (0.9, 0.4), (10.9, 0.4), BLUE, 4)
    _box(axes, 0.5, 0.4, "embed", GREY)
    _box(axes, 11.6, 0.4, "LayerNorm,\nunembed", GREY)
    for layer in range(2):
        for place, (name, colour) in enumerate([("attention", ORANGE), ("MLP", BLUE)]):
            x = 2.6 + 4.4 * layer + 2.2 * place
            _box(axes, x, 1.9, name, colour)
            _arrow(axes, (x - 0.6, 0.5), (x - 0.3, 1.6))
            _arrow(axes, (x + 0.3, 1.6), (x + 0.6, 0.5))
            axes.text(x - 0.75, 1.0, "reads", ha="center", color=GREY, fontsize=8)
            axes.text(x + 0.8, 1.0, "adds", ha="center", color=GREY, fontsize=8)
        axes.text(3.7 + 4.4 * layer, 2.45, f"layer {layer}", ha="center", color=GREY)
    axes.text(
        6, -0.1, "the residual stream of one position: a sum of everything written so far", ha="center", color=BLUE
    )
    return figure


def patching() -> Figure:
    """Two runs as grids of layer and position; one activation is carried from the clean run into the corrupted one."""
    figure, axes = _canvas(9, 3.2)
    axes.set(xlim=(-0.8, 13.4), ylim=(-1.2, 4.1))
    runs = [(0, "clean run: … John gave a bottle to", BLUE), (7.4, "corrupted run: … Mary gave a bottle to", ORANGE)]
    for left, title, colour in runs:
        for layer in range(3):
            for position in range(5):
                axes.plot(left + 1.2 * position, layer, "o", ms=13, color=colour, alpha=0.25 if left else 0.8)
        axes.text(left + 2.4, 3.0, title, ha="center", color=colour)
        axes.text(left + 2.4, -0.9, "position →", ha="center", color=GREY)
    axes.plot(7.4 + 2.4, 1, "o", ms=13, color=BLUE)
    _arrow(axes, (2.55, 1.05), (9.6, 1.05), BLUE, 2)
    axes.text(6.1, 1.25, "patch", ha="center", color=BLUE)
    for position in (3, 4):
        _arrow(axes, (9.9, 1.1), (7.4 + 1.2 * position - 0.1, 1.9), BLUE, 1)
    axes.text(-0.6, 1, "layer ↑", ha="center", va="center", rotation=90, color=GREY)
    axes.text(6.6, 3.8, "How much of the clean answer does this one activation bring back?", ha="center")
    return figure


def induction() -> Figure:
    """The two heads of an induction circuit on A B … A."""
    figure, axes = _canvas(8, 3.0)
    axes.set(xlim=(-0.6, 7.6), ylim=(-1.1, 3.0))
    for place, token in enumerate(["A", "B", "C", "D", "A"]):
        _box(axes, 1.5 * place, 0, token, ORANGE if token == "A" else BLUE if token == "B" else GREY)
    axes.annotate(
        "", (1.5, 0.4), (0, 0.4), arrowprops={"arrowstyle": "-|>", "color": ORANGE, "connectionstyle": "arc3,rad=-0.6"}
    )
    axes.text(0.75, 1.25, "1. previous-token head:\n“before me stood A”", ha="center", color=ORANGE)
    axes.annotate(
        "", (6, 0.4), (1.6, 0.4), arrowprops={"arrowstyle": "-|>", "color": BLUE, "connectionstyle": "arc3,rad=-0.45"}
    )
    axes.text(4.4, 2.2, "2. induction head: “who has A before it?”\nfinds B, and copies it", ha="center", color=BLUE)
    axes.text(7.1, 0, "→ B", ha="center", va="center", color=BLUE, fontsize=13)
    axes.text(
        3, -0.85, "information moves along the arrows, from what is looked at to what looks", ha="center", color=GREY
    )
    return figure


def superposition() -> Figure:
    """Two features in two dimensions, and five: the five interfere, which is cheap while few are on at once."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    for axes, count, title in zip(figure.subplots(1, 2), (2, 5), ("no superposition", "superposition"), strict=True):
        for feature in range(count):
            angle = np.pi / 2 + feature * (np.pi / 2 if count == 2 else 2 * np.pi / count)
            axes.annotate(
                "",
                (np.cos(angle), np.sin(angle)),
                (0, 0),
                arrowprops={"arrowstyle": "-|>", "color": BLUE if feature == 0 else GREY, "lw": 2},
            )
            axes.text(1.15 * np.cos(angle), 1.15 * np.sin(angle), f"$f_{feature + 1}$", ha="center", va="center")
        axes.set(xlim=(-1.4, 1.4), ylim=(-1.3, 1.4), aspect="equal", xticks=[], yticks=[])
        axes.set(xlabel="neuron 1", ylabel="neuron 2", title=f"{title}: {count} features, 2 neurons")
    return figure


def projecting() -> Figure:
    """Two groups of activations, the difference of their means, and one activation without its part along it."""
    figure, axes = _canvas(6, 5.2)
    axes.set(xlim=(-1.2, 7.2), ylim=(-2.9, 4.4), aspect="equal")
    groups = [((0.0, 0.0), GREY, "without"), ((3.0, 2.25), BLUE, "with the behaviour")]
    spread = [(-0.5, 0.5), (0.4, -0.6), (0.5, 0.4), (-0.4, -0.3)]
    for (x, y), colour, label in groups:
        for dx, dy in spread:
            axes.plot(x + dx, y + dy, "o", ms=8, color=colour, alpha=0.7)
        axes.text(x, y + 0.95, label, ha="center", color=colour)
    _arrow(axes, (0, 0), (3.0, 2.25), ORANGE, 2.5)
    axes.text(1.2, 1.45, "d", color=ORANGE, fontsize=13)
    axes.plot(5.0, 0.0, "o", ms=9, color=BLUE)
    axes.plot(1.8, -2.4, "o", ms=9, color=BLUE, alpha=0.5)
    _arrow(axes, (5.0, 0.0), (1.87, -2.35), BLUE, 1.5)
    axes.text(5.2, 0.0, "x", va="center", color=BLUE, fontsize=13)
    axes.text(2.2, -2.45, "x without its part along d", va="center", color=BLUE)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "residual_stream": residual_stream,
    "patching": patching,
    "induction": induction,
    "superposition": superposition,
    "projecting": projecting,
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        draw().savefig(folder / f"{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("figures"))
