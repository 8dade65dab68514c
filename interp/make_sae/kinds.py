"""The kinds of sparse autoencoder that can be trained, as sae-lens has them, and the settings that each takes for a given sparsity.

Two ways to make latents sparse: four kinds are told how many latents to use, and two pay a penalty for each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        says: what it does, in a line.
        classes: the names of sae-lens's training class and its configuration.
        settings: the configuration's own settings, from the number of latents, how many are to be active, the penalty and the steps.
        counts: whether it is told how many latents are to be active; the others pay a penalty.
    """

    says: str
    classes: tuple[str, str]
    settings: Callable[[int, int, float, int], dict[str, Any]]
    counts: bool


def _widths(latents: int) -> list[int]:
    """Four nested dictionaries, each twice as wide as the one inside it."""
    return sorted({max(latents >> halvings, 1) for halvings in range(4)})


def _batchtopk(active: int, steps: int) -> dict[str, Any]:
    # The threshold that is saved is a moving average from 0 on: in a short training it has to move faster than by the usual 0.01.
    return {"k": active, "topk_threshold_lr": min(max(20 / steps, 0.01), 1.0)}


def _jumprelu(latents: int, active: int, penalty: float, steps: int) -> dict[str, Any]:
    return {
        "jumprelu_sparsity_loss_mode": "quadratic",
        "target_l0": float(active),
        "l0_coefficient": 0.05,
        "l0_warm_up_steps": steps // 4,
        # Inputs have about unit variance here. A narrow band around the threshold gives next to no gradient in so few steps.
        "jumprelu_init_threshold": 0.1,
        "jumprelu_bandwidth": 1.0,
        "jumprelu_ste_to_input": True,
    }


#: By the name that `--kind` takes.
KINDS: dict[str, Kind] = {
    "standard": Kind(
        "ReLU and an L1 penalty (Bricken et al. 2023)",
        ("StandardTrainingSAE", "StandardTrainingSAEConfig"),
        lambda latents, active, penalty, steps: {"l1_coefficient": penalty, "l1_warm_up_steps": steps // 4},
        counts=False,
    ),
    "topk": Kind(
        "the k largest latents of each token (Gao et al. 2024)",
        ("TopKTrainingSAE", "TopKTrainingSAEConfig"),
        lambda latents, active, penalty, steps: {"k": active},
        counts=True,
    ),
    "batchtopk": Kind(
        "the largest latents of a batch, k for each token on average (Bussmann et al. 2024); saved as JumpReLU",
        ("BatchTopKTrainingSAE", "BatchTopKTrainingSAEConfig"),
        lambda latents, active, penalty, steps: _batchtopk(active, steps),
        counts=True,
    ),
    "jumprelu": Kind(
        "a threshold for each latent, learnt (Rajamanoharan et al. 2024); it aims at --active, and takes long to get there",
        ("JumpReLUTrainingSAE", "JumpReLUTrainingSAEConfig"),
        _jumprelu,
        counts=True,
    ),
    "gated": Kind(
        "one path decides whether a latent is active, another how much (Rajamanoharan et al. 2024)",
        ("GatedTrainingSAE", "GatedTrainingSAEConfig"),
        lambda latents, active, penalty, steps: {"l1_coefficient": penalty, "l1_warm_up_steps": steps // 4},
        counts=False,
    ),
    "matryoshka": Kind(
        "BatchTopK whose first latents must do alone, too (Bussmann et al. 2025); saved as JumpReLU",
        ("MatryoshkaBatchTopKTrainingSAE", "MatryoshkaBatchTopKTrainingSAEConfig"),
        lambda latents, active, penalty, steps: _batchtopk(active, steps) | {"matryoshka_widths": _widths(latents)},
        counts=True,
    ),
}
