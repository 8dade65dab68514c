"""How often do the exercises that are judged by ranges reject a right program?

For each seed the training checks of `superposition`, `train_sae` and `tuned_lens` are decided as in grading: trainings on that seed's data,
then the grader's own facts about them. A seed counts as rejected when any fact is not as it should be. Besides the reference, the
accepted variants that train are tried, and misconceptions that train: those should be rejected.

Run: ``python tests/benchmarks/bench_stochastic.py [SEEDS] [EXERCISE ...]`` (about 4 seconds a seed and program)
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import OUT, given
from support import ROOT

from mechgrade.bench.specs import bench_spec
from mechgrade.bench.transformer_lens.bench import Bench
from mechgrade.course import load_course
from mechgrade.course.variants import programs
from mechgrade.worker.exercise import load
from mechgrade.worker.runner import load_grader

COURSE = load_course(ROOT)
#: The programs of each exercise whose training differs; of the wrong ones those that no other check would catch.
TRIED = {
    "superposition": ["reference", "with_momentum", "as_a_module", "gradients_pile_up", "never_steps", "unit_columns"],
    "train_sae": ["reference", "in_epochs", "with_unit_directions", "never_steps", "trains_without_topk"],
    "tuned_lens": [
        "reference",
        "layer_by_layer",
        "by_the_change",
        "trains_the_other_way",
        "trains_on_streams",
        "one_for_all",
    ],
}


def numbers(weights: dict[str, torch.Tensor]) -> dict[str, Any]:
    """What reaches the grader's side."""
    return {name: value.detach().cpu().numpy() for name, value in weights.items()}


def superposition(grader: types.ModuleType, program: types.ModuleType, bench: Bench, seed: int) -> list[dict[str, Any]]:
    """The facts of both training checks."""
    found = []
    for facts, probability, drawn in ((grader.rare, 0.05, (1, 2, 3)), (grader.frequent, 1.0, (4, 5, 6))):
        for number in drawn:
            given = grader.training(probability=probability, number=number, seed=seed)
            run = numbers(grader.trained(program, bench, **given))
            found.append(facts(run, *grader.world(seed, number)))
    return found


def train_sae(grader: types.ModuleType, program: types.ModuleType, bench: Bench, seed: int) -> list[dict[str, Any]]:
    """The facts of the check on made-up activations, and of the one on the model's."""
    found = []
    for number, scale in [*enumerate(grader.SCALES, 1), (4, 1.0)]:
        sae = numbers(grader.trained(program, bench, **grader.training(number=number, scale=scale, seed=seed)))
        found.append(grader.facts_on_made_up(sae, seed, number, scale))
    unseen = grader.unseen_on_the_model(None, bench, **grader.unseen_tokens(seed=seed)).cpu().numpy().astype(float)
    sae = numbers(grader.on_the_model(program, bench, **grader.seen_tokens(seed=seed)))
    return [*found, grader.facts_on_model(sae, unseen)]


def tuned_lens(grader: types.ModuleType, program: types.ModuleType, bench: Bench, seed: int) -> list[dict[str, Any]]:
    """The facts of both trainings on made-up models, and of those whose batches mislead."""

    def lens(given: dict[str, Any]) -> dict[str, Any]:
        return numbers(grader.trained(program, bench, **given))

    found = [
        grader.facts_on_unseen(
            lens(grader.for_training(number=number, gain=gain, seed=seed)), seed, number, gain, bounds
        )
        for number, gain, bounds in grader.TRAININGS
    ]
    misleading, drifting = grader.for_misleading(number=3, seed=seed), grader.for_drifting(number=4, seed=seed)
    return [*found, grader.facts_on_misleading(lens(misleading), seed), grader.facts_on_drifting(lens(drifting), seed)]


def rejected(facts: list[dict[str, Any]]) -> bool:
    """Whether any fact is not as a right program's."""
    values = (getattr(value, "holds", value) for each in facts for value in each.values())
    return any(value is not True and value != "ok" for value in values)


def main(seeds: int, names: list[str]) -> None:
    """Count, print and write."""
    torch.set_num_threads(1)
    bench = Bench(bench_spec(COURSE))
    bounds = f"95 % upper bound where none of {seeds} is rejected: {1 - 0.05 ** (1 / seeds):.1%}"
    table = Table(
        "exercise", "program", "kind", "rejected", "of", title="Checks that are judged by ranges", caption=bounds
    )
    rows = []
    decide: dict[str, Callable[..., list[dict[str, Any]]]] = {
        "superposition": superposition,
        "train_sae": train_sae,
        "tuned_lens": tuned_lens,
    }
    for name in names or TRIED:
        wanted = TRIED[name]
        exercise = COURSE.exercise(name)
        grader = load_grader(COURSE.grader_path(exercise))
        found = {program.name: program for program in programs(COURSE, exercise)}
        for which in wanted:
            module = load(found[which].source, f"{name}/{which}.py", name)
            draw = np.random.default_rng(7).integers(1, 2**31 - 5000, seeds)
            count = sum(rejected(decide[name](grader, module, bench, int(seed))) for seed in draw)
            rows.append({"exercise": name, "program": which, "kind": found[which].kind, "rejected": count, "of": seeds})
            table.add_row(name, which, found[which].kind, str(count), str(seeds))
            print(*rows[-1].values(), flush=True)
    Console().print(table)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "stochastic.json").write_text(json.dumps({"seeds": seeds, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    chosen = given(__doc__, "names", seeds=100)
    main(chosen.seeds, chosen.names)
