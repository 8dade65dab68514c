"""The twins' card: what each shipped checkpoint does, measured again.

`python -m interp.twin_card` prints the card, and `--write` also puts it beside the checkpoints. With
`--others DIR …` it measures other runs of the two-layer twin first and keeps their numbers in `other-seeds.json`, since
their weights are not shipped.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.bench.transformer_lens.model import load_model

from . import circuits
from .card import ROOT, training_note
from .tables import Card, Row, Section
from .twins import FOLDERS

TWINS_DIR = ROOT / "models" / "twins"
OTHERS = "other-seeds.json"

TRIED = (
    "Tried before this recipe was kept. With the embedding used as unembedding too (tied, as in the course "
    "model), seed 0 stayed on the plateau: for all of 900 steps with these position waves, and for all of 450 "
    "with another set of waves. The loss of the repeats fell to about 4 and no head's induction score passed 0.1. "
    "With an unembedding of its own both sets of waves gave the phase change within 450 steps. The numbers of "
    "this paragraph come from runs that were not kept."
)


@dataclass(frozen=True)
class Measured:
    """One checkpoint on held-out repeats: 32 rows of 30 random bytes, said twice."""

    step: int
    first: float
    second: float
    induction: tuple[tuple[float, ...], ...]
    two_places_on: float
    previous: tuple[tuple[float, ...], ...]


def measure(directory: Path) -> Measured:
    """Load a checkpoint as the course loads any model, and measure it."""
    report = circuits.repeats(load_model(str(directory), local=True, backend="bridge"), batch=32, half=30, seed=99)
    return Measured(
        step=int(directory.name.removeprefix("step-")),
        first=report.first_half_loss,
        second=report.second_half_loss,
        induction=_rounded(report.induction.tolist()),
        two_places_on=report.two_places_on.max().item(),
        previous=_rounded(report.previous.tolist()),
    )


def _rounded(scores: list[list[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(score, 4) for score in layer) for layer in scores)


def measure_run(directory: Path) -> list[Measured]:
    """All checkpoints of one twin, in the order of their steps."""
    return [measure(path) for path in sorted(directory.glob("step-*"))]


def checkpoints(layers: int) -> Iterator[tuple[int, Any]]:
    """The checkpoints of one twin, loaded one after the other: the step, and the model."""
    for path in sorted((TWINS_DIR / FOLDERS[layers]).glob("step-*")):
        yield int(path.name.removeprefix("step-")), load_model(str(path), local=True, backend="bridge")


def _table(run: list[Measured]) -> str:
    def spell(layer: tuple[float, ...]) -> str:
        return " ".join(f"{score:.2f}" for score in layer)

    layers = range(len(run[0].induction))
    heads = [f"{what}, layer {layer}" for layer in layers for what in ("previous token", "induction")]
    lines = [
        "| step | loss, first half | second half | " + " | ".join(heads) + " | two places on |",
        "|---" * (len(heads) + 4) + "|",
    ]
    for at in run:
        cells = [spell(scores[layer]) for layer in layers for scores in (at.previous, at.induction)]
        lines.append(f"| {at.step} | {at.first:.2f} | {at.second:.3f} | {' | '.join(cells)} | {at.two_places_on:.2f} |")
    return "\n".join(lines)


def summary(run: list[Measured]) -> dict[str, Any]:
    """What a two-layer run comes to: the steps of its two changes, and its end."""
    pairs, end = list(itertools.pairwise(run)), run[-1]
    steps = [(earlier.step, later.step) for earlier, later in pairs]
    # Between two checkpoints: no change is known more exactly than they lie apart.
    fall = max(range(len(pairs)), key=lambda i: pairs[i][0].second - pairs[i][1].second)
    return {
        "largest fall of the second half's loss, between steps": steps[fall],
        "best induction score passes 0.4, between steps": _passes([max(each.induction[1]) for each in run], 0.4, steps),
        "best previous-token score passes 0.7, between steps": _passes(
            [max(each.previous[0]) for each in run], 0.7, steps
        ),
        "loss of the second half at the end": round(end.second, 3),
        "induction scores of layer 1 at the end": end.induction[1],
        "previous-token scores of layer 0 at the end": end.previous[0],
    }


def _passes(scores: list[float], level: float, steps: list[tuple[int, int]]) -> tuple[int, int] | None:
    return next((between for between, score in zip(steps, scores[1:], strict=True) if score >= level), None)


def requirements(two: list[Measured], one: list[Measured]) -> tuple[Row, ...]:
    """What the texts may say of the shipped twins."""
    at = {each.step: each for each in two}
    end, early, late = two[-1], at[150], at[400]
    previous = sorted(end.previous[0], reverse=True)
    weakest, before, after = min(end.induction[1]), max(early.induction[1]), max(late.induction[1])
    rows = [
        ("two layers, step 150: loss of the second half", early.second, "> 4.5", early.second > 4.5),
        ("… best induction score", before, "< 0.1", before < 0.1),
        ("two layers, step 400: loss of the second half", late.second, "< 1", late.second < 1),
        ("… best induction score", after, "> 0.6", after > 0.6),
        (f"two layers, step {end.step}: loss of the second half", end.second, "< 0.2", end.second < 0.2),
        ("… weakest induction score of the four heads in layer 1", weakest, "> 0.8", weakest > 0.8),
        ("… best score at the wrong offset (two places on)", end.two_places_on, "< 0.1", end.two_places_on < 0.1),
        ("… best previous-token score, layer 0", previous[0], "> 0.8", previous[0] > 0.8),
        ("… second best", previous[1], "< 0.2", previous[1] < 0.2),
        (f"one layer, step {one[-1].step}: loss of the second half", one[-1].second, "> 3", one[-1].second > 3),
        (
            "… best induction score",
            max(one[-1].induction[0]),
            "< 0.1",
            max(one[-1].induction[0]) < 0.1,
        ),
    ]
    return tuple(Row(name, f"{value:.3f}", wanted, met) for name, value, wanted, met in rows)


def card(directory: Path = TWINS_DIR) -> Card:
    """Measure all shipped checkpoints."""
    two, one = (measure_run(directory / FOLDERS[layers]) for layers in (2, 1))
    seeds = {"shipped": summary(two)}
    if (directory / OTHERS).exists():
        seeds |= json.loads((directory / OTHERS).read_text())
    lines = ["| | " + " | ".join(seeds) + " |", "|---" * (len(seeds) + 1) + "|"]
    for name in seeds["shipped"]:
        lines.append(f"| {name} | " + " | ".join(_spell(each[name]) for each in seeds.values()) + " |")
    notes = {
        "Two layers, over training": _table(two),
        "One layer, over training": _table(one),
        "Over seeds": "\n".join(lines)
        + f"\n\nThe other seeds' weights are not shipped. Their numbers stand in `{OTHERS}`; training them again gives "
        "them again.",
        "How they were trained": "\n\n".join(
            f"{FOLDERS[layers]}: {training_note(directory / FOLDERS[layers])}" for layers in (2, 1)
        ),
        "Seeded, emerged, absent": "**Seeded**: nothing; no attention was ever supervised. **Emerged**: with two layers "
        "everything that the table shows. **Absent**: with one layer, induction; and in both twins everything that random "
        "bytes cannot teach, such as words, names and facts.",
        "Tried": TRIED,
    }
    return Card((Section("What the texts may say", requirements(two, one)),), notes, "The twins")


def _spell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(f"{each:.2f}" if isinstance(each, float) else str(each) for each in value)
    return "never" if value is None else str(value)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and with `--write` keep the card. Returns 1 when a requirement is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="also write README.md beside the checkpoints")
    parser.add_argument(
        "--others", type=Path, nargs="*", default=[], help="folders of other two-layer runs, to be added"
    )
    options = parser.parse_args(arguments)
    if options.others:
        found = json.loads((TWINS_DIR / OTHERS).read_text())
        for path in options.others:
            seed = json.loads((path / "training.json").read_text())["recipe"]["seed"]
            found[f"seed {seed}"] = summary(measure_run(path))
        (TWINS_DIR / OTHERS).write_text(json.dumps(found, indent=2) + "\n")
    measured = card()
    if options.write:
        (TWINS_DIR / "README.md").write_text(measured.markdown())
    print(measured.markdown())
    return 1 if measured.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
