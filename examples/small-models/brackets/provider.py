"""The bench of the lab on probes, as course.yaml names it. The grader's side imports this file, so torch comes later."""

from typing import Any

from mechgrade.bench.torch import Torch


class Brackets(Torch):
    """Makes benches with a GPT-2 of two layers that was trained on brackets."""

    packages = ("torch", "transformers", "numpy")

    def make(self, spec: Any) -> Any:
        """A bench, which loads nothing yet."""
        from brackets.bench import BracketBench

        return BracketBench(spec)
