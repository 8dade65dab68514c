"""Pictures of compared data as inline SVG: heatmaps (yours, the reference's, the difference) and curves.

Drawn here and not by a plotting library, because a page holds a hundred of them, must stay small and work offline: a
heatmap's cells are one PNG of a pixel a cell, stretched; the numbers travel once, for the page's script to show on
hover and by the arrow keys. Colours: viridis for what is never negative, and blue-white-orange, which colour-blind
readers can tell apart, where zero has a meaning.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechgrade.grading.views import View, differs

_VIRIDIS = [
    *((68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142)),
    *((31, 158, 137), (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37)),
]
_DIVERGING = [
    (5, 48, 97),
    (67, 147, 195),
    (209, 229, 240),
    (247, 247, 247),
    (253, 219, 167),
    (224, 130, 20),
    (127, 59, 8),
]
#: What is not a number.
_NOT_A_NUMBER = (120, 120, 120)
#: Cells of a heatmap whose values are written into it.
WRITTEN = 40
#: Ticks along an axis.
TICKS = 12
#: How tokenizers write the beginning of a text, which is longer than a cell is wide.
BOS = ("<|endoftext|>", "<|BOS|>", "<bos>", "<s>")


@dataclass(frozen=True)
class Panel:
    """One heatmap: what it shows, its PNG as a data URI, and the ends of its colour scale."""

    name: str
    image: str
    low: str
    high: str
    #: ``(column, row, text, dark)`` of the values that are written into the cells
    texts: list[tuple[int, int, str, bool]]


@dataclass(frozen=True)
class Tick:
    """A label at a place along an axis, in cells."""

    at: int
    text: str


@dataclass(frozen=True)
class Axis:
    """An axis: its name, all its labels, and those that there is room for."""

    name: str
    labels: list[str]
    ticks: list[Tick]


def png(values: NDArray[np.uint8]) -> str:
    """RGB pixels ``[row, column, 3]`` as a PNG in a data URI."""
    rows, columns, _ = values.shape
    raw = b"".join(b"\0" + values[row].tobytes() for row in range(rows))

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(body).decode()


def _colours(values: NDArray[np.float64], low: float, high: float, anchors: list[tuple[int, int, int]]) -> Any:
    span = high - low
    share = np.clip((values - low) / span, 0, 1) if span > 0 else np.full(values.shape, 0.5)
    share = np.where(np.isfinite(share), share, 0)
    at = np.linspace(0, 1, len(anchors))
    table = np.asarray(anchors, float)
    pixels = np.stack([np.interp(share, at, table[:, channel]) for channel in range(3)], axis=-1)
    pixels[~np.isfinite(values)] = _NOT_A_NUMBER
    return pixels.round().astype(np.uint8)


def heatmap_panels(mine: NDArray[Any], reference: NDArray[Any] | None) -> list[Panel]:
    """Yours, the reference's on the same scale, and the difference; yours alone where there is no reference to show."""
    left = mine.astype(np.float64)
    both = left if reference is None else np.concatenate([left, reference.astype(np.float64)])
    finite = both[np.isfinite(both)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low < 0:
        high = max(-low, high)
        low, anchors = -high, _DIVERGING
    else:
        low, anchors = 0.0, _VIRIDIS
    panels = [_panel("yours", left, low, high, anchors)]
    if reference is not None:
        right = reference.astype(np.float64)
        with np.errstate(invalid="ignore"):
            gap = left - right
        bound = float(np.abs(gap[np.isfinite(gap)]).max()) if np.isfinite(gap).any() else 1.0
        panels.append(_panel("reference", right, low, high, anchors))
        panels.append(_panel("yours − reference", gap, -bound, bound, _DIVERGING))
    return panels


def _panel(
    name: str, values: NDArray[np.float64], low: float, high: float, anchors: list[tuple[int, int, int]]
) -> Panel:
    pixels = _colours(values, low, high, anchors)
    texts = []
    if values.size <= WRITTEN:
        form = ".2f" if 0.05 <= high < 100 else ".1g"
        light = pixels.astype(float) @ [0.299, 0.587, 0.114]
        texts = [
            # "z": what rounds to zero has no sign (PEP 682)
            (column, row, f"{number:z{form}}", bool(light[row, column] > 140))
            for (row, column), number in np.ndenumerate(values)
        ]
        texts = texts if max(len(text) for _, _, text, _ in texts) <= 5 else []  # they would run into each other
    return Panel(name, png(pixels), f"{low:.3g}", f"{high:.3g}", texts)


def axes_of(
    view: View, names: tuple[str, ...] | None, pieces: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> list[Axis]:
    """The axes of a view's window, with labels: from the data, from the pieces of a text, or counted.

    Args:
        view: an array's.
        names: the names of all axes of the leaf, as the stub's annotation has them.
        pieces: of the one text among the inputs, by the names of the axes that run along them.
    """
    found = []
    for place, axis in enumerate(view.axes):
        name = _name(names, axis, view) or f"axis {axis}"
        count = view.mine.shape[place] if isinstance(view.mine, np.ndarray) else 0
        begin = view.start[axis]
        if place < len(view.labels) and view.labels[place]:
            labels = list(view.labels[place][:count])
        elif name in pieces and len(pieces[name]) == view.shape[axis]:
            labels = list(pieces[name][begin : begin + count])
        else:
            initial = {"layer": "L", "head": "H"}.get(name, "")
            labels = [f"{initial}{begin + number}" for number in range(count)]
        labels = ["BOS" if label in BOS else label for label in labels]
        step = max(-(-count // TICKS), 1)
        ticks = [Tick(number, labels[number].strip()[:10] or "␣") for number in range(0, count, step)]
        found.append(Axis(name, labels, ticks))
    return found


def as_curve(view: View, names: tuple[str, ...] | None) -> View:
    """A value for each position of several texts is a curve: that of the text that differs most."""
    if (
        names is None
        or len(view.axes) != 2
        or names[view.axes[0]] != "batch"
        or not names[view.axes[1]].startswith("pos")
    ):
        return view
    assert isinstance(view.mine, np.ndarray) and isinstance(view.reference, np.ndarray)
    row = int(np.argmax(differs(view.mine, view.reference, view.allowed).sum(axis=1)))
    start = [*view.start]
    start[view.axes[0]] += row
    return replace(
        view,
        mine=view.mine[row],
        reference=view.reference[row],
        allowed=np.broadcast_to(view.allowed, view.mine.shape)[row],
        axes=view.axes[1:],
        start=tuple(start),
        labels=view.labels[1:],
    )


def _name(names: tuple[str, ...] | None, axis: int, view: View) -> str:
    """What the annotation calls an axis; empty where it says nothing, or ``_``."""
    return names[axis].strip("_") if names is not None and len(names) == len(view.shape) else ""


def place_of(view: View, names: tuple[str, ...] | None) -> str:
    """Which part of a larger array a view shows, by the axes' names or as an index; empty for all of it."""
    if not isinstance(view.mine, np.ndarray):
        return ""
    parts, index = [], []
    for axis, size in enumerate(view.shape):
        name, begin = _name(names, axis, view), view.start[axis]
        end = begin + (view.mine.shape[view.axes.index(axis)] if axis in view.axes else 1)
        if axis not in view.axes:
            index.append(str(begin))
            parts.append(f"{name} {begin} of {size}" if name else "")
        elif end - begin < size:
            index.append(f"{begin}:{end}")
            parts.append(f"{name} {begin} to {end - 1} of {size}" if name else "")
        else:
            index.append(":")
    if all(parts):
        return ", ".join(parts)
    return f"[{', '.join(index)}] of shape [{', '.join(map(str, view.shape))}]"


@dataclass(frozen=True)
class Curves:
    """Two curves over a common x, as SVG points in a box of :data:`WIDTH` by :data:`HEIGHT`."""

    mine: list[str]
    reference: list[str]
    low: str
    high: str


WIDTH, HEIGHT = 560.0, 180.0


def curves_of(mine: NDArray[Any], reference: NDArray[Any] | None) -> Curves:
    """The polylines of a view of one axis, broken where there is no number."""
    series = [mine.astype(np.float64), *([] if reference is None else [reference.astype(np.float64)])]
    finite = np.concatenate(series)
    finite = finite[np.isfinite(finite)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    span = high - low or 1.0
    step = WIDTH / max(len(mine) - 1, 1)

    def points(values: NDArray[np.float64]) -> list[str]:
        pieces: list[list[str]] = [[]]
        for place, value in enumerate(values):
            if np.isfinite(value):
                pieces[-1].append(f"{place * step:.1f},{HEIGHT * (1 - (value - low) / span):.1f}")
            elif pieces[-1]:
                pieces.append([])
        return [" ".join(piece) for piece in pieces if piece]

    return Curves(points(series[0]), points(series[1]) if reference is not None else [], f"{low:.3g}", f"{high:.3g}")


def wrong_cells(view: View) -> int:
    """How many of a window's values are too far from the reference's."""
    assert isinstance(view.mine, np.ndarray) and isinstance(view.reference, np.ndarray)
    return int(differs(view.mine, view.reference, view.allowed).sum())


def rounded(values: NDArray[Any]) -> list[Any]:
    """Numbers for the page, with four digits; None for what is no number."""
    if values.ndim > 1:
        return [rounded(row) for row in values]
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in values.astype(np.float64)]
