"""The provider ``transformer_lens``: a transformer with named hook points, and sparse autoencoders in sae-lens's format.

Here, in ``mechgrade.hub`` (which models and autoencoders can be downloaded) and nowhere else does the engine know these libraries.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mechgrade.bench.torch import Torch
from mechgrade.bench.transformer_lens import facts
from mechgrade.protocol.job import HUB, BenchSpec


class TransformerLens(Torch):
    """Makes benches with a model."""

    #: ``TransformerBridge`` in compatibility mode, and ``HookedTransformer``.
    backends: Sequence[str] = ("bridge", "hooked")
    noise: Sequence[dict[str, Any]] = (
        {"backend": "bridge", "threads": 2},
        {"backend": "hooked"},
        {"backend": "bridge", "dtype": "float64"},
        {"backend": "hooked", "dtype": "float64"},
    )
    #: The bridge runs the models' code of transformers.
    packages: Sequence[str] = ("torch", "transformer-lens", "sae-lens", "transformers", "numpy")
    doctor = "mechgrade.bench.transformer_lens.doctor"

    needs: Collection[str] = tuple(facts.NEEDS)

    def lacks(self, spec: BenchSpec, needs: Mapping[str, Any]) -> Mapping[str, str]:
        """What a model lacks, told from its configuration and its tokenizer."""
        return facts.lacks(spec, needs)

    def refuses(self, spec: BenchSpec) -> str:
        """Why a model is none for these benches, told from its configuration."""
        return facts.why_not(spec.model)

    def labels(self, model: str, text: str) -> Mapping[str, Sequence[str]]:
        """The tokens of a text, for a model of the course."""
        from mechgrade.bench.transformer_lens.tokens import AXES, tokens_of

        tokens = tokens_of(model, text) if not model.startswith(HUB) else ()
        return dict.fromkeys(AXES, tokens) if tokens else {}

    def prepare(self) -> None:
        """Set what the libraries read when they are imported."""
        from mechgrade.bench.transformer_lens.model import quiet_libraries

        super().prepare()
        quiet_libraries()

    def make(self, spec: BenchSpec) -> Any:
        """A bench with a model."""
        from mechgrade.bench.transformer_lens.bench import Bench
        from mechgrade.bench.transformer_lens.model import quiet_libraries

        quiet_libraries()
        return Bench(spec)
