"""Make the points of the lab on training: `mechgrade make-data` writes data/moons.csv."""

from pathlib import Path

import numpy as np

PLACE = Path(__file__).parents[1] / "data" / "moons.csv"


def moons(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points on two half circles that reach into one another, shape `[point, 2]`, and which of the two each is on, 0 or 1."""
    draw = np.random.default_rng(seed)
    label = np.arange(count) % 2
    angle = np.pi * draw.random(count)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return np.where(label[:, None] == 0, upper, lower) + 0.1 * draw.standard_normal((count, 2)), label


def main() -> None:
    """Write them."""
    points, labels = moons(200, seed=2026)
    lines = [f"{x:.4f},{y:.4f},{label}" for (x, y), label in zip(points, labels, strict=True)]
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text("\n".join(["x,y,label", *lines]) + "\n")


if __name__ == "__main__":
    main()
