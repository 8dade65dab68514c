"""Plots of a learner's own result, saved as PNG under ``outputs/`` of the course, and shown where a notebook runs them.

matplotlib draws them, with the choices that every plot of the course shares: a colour map that colour-blind readers can
order, named axes, the value's name on the colour bar.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechgrade.course import CourseError, find_course
from mechgrade.files import write_atomic


def _numbers(values: Any) -> NDArray[Any]:
    """An array from a tensor on any device, or from anything that NumPy takes."""
    detach = getattr(values, "detach", None)
    return np.asarray(detach().cpu().float() if detach else values, dtype=float)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    # A figure of its own, without pyplot: no window, no global state, the same on a server and in a notebook.
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _save(figure: Any, save: str) -> Path:
    try:
        root = find_course()
    except CourseError:
        root = Path.cwd()
    path = root / "outputs" / f"{save}.png"
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=120)
    try:
        write_atomic(path, drawn.getvalue())
    except OSError as error:  # the disk's fault, and none of the code's that has drawn it
        print(
            f"not saved: {path} ({error.strerror}). Your code is not at fault: make room there, or see to its permissions."
        )
    else:
        print(f"saved {path}")
        _show(path)
    return path


def _show(path: Path) -> None:
    """In a notebook, the picture under the cell."""
    ipython = sys.modules.get("IPython")  # a notebook's kernel has imported it
    if ipython is not None and hasattr(ipython.get_ipython(), "kernel"):
        from IPython.display import Image, display

        display(Image(filename=str(path)))


def heatmap(
    values: ArrayLike,
    *,
    x: Sequence[str],
    y: Sequence[str],
    xlabel: str,
    ylabel: str,
    title: str,
    value: str,
    save: str,
) -> Path:
    """Save a heatmap.

    Args:
        values: rows and columns; rows go down.
        x: the columns' labels; y: the rows'.
        xlabel: what the columns are; ylabel: what the rows are.
        title: what the reader should see.
        value: what a cell's number is, with its unit.
        save: the file's place under ``outputs/``, without suffix.

    Returns:
        the PNG's path. A file that cannot be written is said in a line, and is no error.
    """
    numbers = _numbers(values)
    rows, columns = numbers.shape
    figure, axes = _figure(min(3.5 + 0.45 * columns, 12), min(2.2 + 0.4 * rows, 10))
    signed = bool((numbers < 0).any())
    bound = float(np.abs(numbers).max()) if numbers.size else 1.0
    limits = {"cmap": "RdBu", "vmin": -bound, "vmax": bound} if signed else {"cmap": "viridis"}
    image = axes.imshow(numbers, aspect="auto", **limits)
    figure.colorbar(image, ax=axes, label=value)
    axes.set_xticks(range(columns), x, rotation=45 if max(map(len, x), default=0) > 3 else 0, ha="center")
    axes.set_yticks(range(rows), y)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if numbers.size <= 200:
        middle = (image.norm.vmin + image.norm.vmax) / 2
        for (row, column), number in np.ndenumerate(numbers):
            dark = number < middle if not signed else abs(number) > bound / 2
            axes.text(column, row, f"{number:z.2f}", ha="center", va="center", fontsize=8, color="w" if dark else "k")
    return _save(figure, save)


def lines(
    series: Mapping[str, ArrayLike],
    *,
    x: ArrayLike | None = None,
    xlabel: str,
    ylabel: str,
    title: str,
    save: str,
) -> Path:
    """Save one or more curves over a common x (by default 0, 1, 2, …). See :func:`heatmap` for the rest."""
    figure, axes = _figure(8, 4.5)
    for name, values in series.items():
        numbers = _numbers(values)
        along = np.arange(len(numbers)) if x is None else _numbers(x)
        axes.plot(along, numbers, label=name, marker=".")
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(alpha=0.3)
    places = _numbers(x) if x is not None else np.zeros(1)
    if (places == places.round()).all():
        axes.xaxis.get_major_locator().set_params(integer=True)  # there is no layer 1.5
    if len(series) > 1:
        axes.legend()
    return _save(figure, save)


def bars(values: ArrayLike, *, x: Sequence[str], xlabel: str, ylabel: str, title: str, save: str) -> Path:
    """Save a bar for each label. See :func:`heatmap` for the rest."""
    numbers = _numbers(values)
    figure, axes = _figure(min(3 + 0.4 * len(numbers), 12), 4)
    axes.bar(range(len(numbers)), numbers)
    axes.set_xticks(range(len(numbers)), x, rotation=45 if max(map(len, x), default=0) > 4 else 0)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(axis="y", alpha=0.3)
    return _save(figure, save)


def read_figure(figure: Any) -> list[dict[str, Any]]:
    """What a matplotlib figure shows, as data: for scenarios that check a learner's plot.

    Returns:
        for each axes, without colour bars: ``title, xlabel, ylabel``, ``xticks, yticks`` (labels), ``images`` (arrays, as
        drawn), ``lines`` (``{"label", "x", "y"}``).
    """
    found = []
    for axes in figure.axes:
        if getattr(axes, "_colorbar", None) is not None:
            continue
        lines = [(str(line.get_label()), line.get_xdata(), line.get_ydata()) for line in axes.get_lines()]
        found.append(
            {
                "title": axes.get_title(),
                "xlabel": axes.get_xlabel(),
                "ylabel": axes.get_ylabel(),
                "xticks": [tick.get_text() for tick in axes.get_xticklabels()],
                "yticks": [tick.get_text() for tick in axes.get_yticklabels()],
                "images": [np.asarray(image.get_array(), dtype=float) for image in axes.get_images()],
                "lines": [
                    {"label": label, "x": np.asarray(x, float), "y": np.asarray(y, float)} for label, x, y in lines
                ],
            }
        )
    return found
