"""What a scenario and a learner's own experiment work with: the model, seeded inputs, plots."""

from mechgrade.bench import plots
from mechgrade.bench.core import Bench, open_bench
from mechgrade.bench.model import ModelError
from mechgrade.course.modules import share_around

# A learner's file imports the engine first, and the modules of its course after it.
share_around()

__all__ = ["Bench", "ModelError", "open_bench", "plots"]
