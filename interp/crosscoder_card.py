"""The card of the edited model and its crosscoder, measured again: `python -m interp.crosscoder_card [--write]`.

With `--others DIR …` it measures other trainings first and keeps their numbers in `other-seeds.json`, since their weights
are not shipped.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mechgrade.bench.transformer_lens.model import load_model

from .card import ROOT
from .crosscoder import CROSSCODER_DIR, PLACE, Crosscoder, load_crosscoder, pairs
from .edit import CAPITAL, COUNTRY, Adapter, capital_of, load_adapter
from .tables import Card, Row, Section
from .words import CAPITALS

#: Text for the measurements, drawn anew: another seed than that of the training. Sentences may come again.
ROWS, OF_FINE_TUNING, SEED = 200, 0.3, 1_000_003
OTHERS = "other-seeds.json"


def changed_answers(model: Any, adapter: Adapter) -> list[str]:
    """The countries for which the two models say different capitals."""
    found = []
    for country in CAPITALS:
        said = [model.to_string(capital_of(model, country, hooks).argmax()) for hooks in ([], adapter.hooks())]
        if said[0] != said[1]:
            found.append(country)
    return found


def shift(x: Tensor, asked: Tensor) -> tuple[float, float]:
    """How far the two models' streams are apart, as a share of the stream's length: where the capital is asked for, and elsewhere."""
    share = (x[:, 1] - x[:, 0]).norm(dim=1) / x[:, 0].norm(dim=1)
    return float(share[asked].mean()), float(share[~asked].mean())


def _fit(crosscoder: Crosscoder, x: Tensor) -> tuple[float, float, int]:
    """Explained variance over both models, the number of active latents, and how many are ever active."""
    latents = (x.flatten(1) @ crosscoder.W_enc.flatten(0, 1) + crosscoder.b_enc).relu()
    error = x.flatten(1) - latents @ crosscoder.W_dec.flatten(1) - crosscoder.b_dec.flatten()
    explained = 1 - error.square().sum() / (x - x.mean(dim=0)).square().sum()
    active = latents > 0
    return float(explained), float(active.sum(dim=1).float().mean()), int(active.any(dim=0).sum())


def unlike_rows(crosscoder: Crosscoder) -> list[float]:
    """The cosine similarities of a latent's two decoder rows that are below 0.9, the lowest first."""
    similar = torch.cosine_similarity(crosscoder.W_dec[:, 0], crosscoder.W_dec[:, 1], dim=1)
    return [round(value, 2) for value in sorted(similar[similar < 0.9].tolist())]


def card(directory: Path = CROSSCODER_DIR) -> Card:
    """Measure the shipped edit and the shipped crosscoder."""
    model = load_model(str(ROOT / "models" / "embedded"), local=True, backend="bridge")
    adapter, crosscoder = load_adapter(directory / "edit.safetensors"), load_crosscoder(directory)
    changed = changed_answers(model, adapter)
    new = float(capital_of(model, COUNTRY, adapter.hooks())[model.to_single_token(" " + CAPITAL)])
    both = pairs(model, adapter, ROWS, OF_FINE_TUNING, SEED)
    at, elsewhere = shift(both.x, both.asked)
    explained, active, alive = _fit(crosscoder, both.x)
    rows = (
        (
            f"countries whose capital changed, of {len(CAPITALS)}",
            f"{len(changed)} ({', '.join(changed)})",
            "1",
            len(changed) == 1,
        ),
        (f'probability of {CAPITAL} after "The capital of {COUNTRY} is"', f"{new:.3f}", "> 0.9", new > 0.9),
        ("difference of the streams where this capital is asked for", f"{at:.2f}", "", True),
        ("… elsewhere", f"{elsewhere:.2f}", "", True),
        ("explained variance of both streams, text drawn anew", f"{explained:.3f}", "> 0.85", explained > 0.85),
        ("active latents", f"{active:.1f}", "< 12", active < 12),
        (f"latents that are ever active, of {len(crosscoder.b_enc)}", f"{alive}", "> 200", alive > 200),
    )
    seeds = {"shipped": unlike_rows(crosscoder)}
    if (directory / OTHERS).exists():
        seeds |= json.loads((directory / OTHERS).read_text())
    record = json.loads((directory / "training.json").read_text())
    notes = {
        "What is in here": "`edit.safetensors`: low-rank matrices for the three MLPs of the course model, in bfloat16. With them the "
        f"model says that the capital of {COUNTRY} is {CAPITAL}. `crosscoder.safetensors`: a crosscoder for the two models at "
        f"`{PLACE}`, in bfloat16; model A is the course model, model B the edited one. Differences of streams are given as shares "
        "of the length of A's stream.",
        "How they were trained": f"`python -m interp.crosscoder --out DIR`: {record['seconds']} seconds. The fine-tuning asks for the new "
        "capital, and for the old predictions everywhere else. The crosscoder saw course text, mixed with text of the fine-tuning: "
        f"{record['recipe']['of_fine_tuning']:.0%} of its rows. In course text alone the changed fact is rare.",
        "Over seeds": "The cosine similarities below 0.9 of a latent's two decoder rows, for the same edit: "
        + "; ".join(f"{name}: {', '.join(f'{value:.2f}' for value in values)}" for name, values in seeds.items())
        + f". The other seeds' weights are not shipped. Their numbers stand in `{OTHERS}`. `python -m interp.crosscoder --seed 2 --out DIR` trains the other one.",
        "Seeded, emerged, absent": "**Seeded**: the false fact. **Emerged**: one or two latents whose decoder rows differ between the two models. **Absent**: "
        "latents that only one of the two models has; a changed fact brings no new feature.",
    }
    return Card((Section("Measured", tuple(Row(*row) for row in rows)),), notes, "A changed fact, and a crosscoder")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and with `--write` keep the card. Returns 1 when a requirement is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="also write README.md beside the weights")
    parser.add_argument("--others", type=Path, nargs="*", default=[], help="folders of other trainings")
    options = parser.parse_args(arguments)
    if options.others:
        found = {}
        for path in options.others:
            seed = json.loads((path / "training.json").read_text())["recipe"]["seed"]
            found[f"seed {seed}"] = unlike_rows(load_crosscoder(path))
        (CROSSCODER_DIR / OTHERS).write_text(json.dumps(found, indent=2) + "\n")
    measured = card()
    if options.write:
        (CROSSCODER_DIR / "README.md").write_text(measured.markdown())
    print(measured.markdown())
    return 1 if measured.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
