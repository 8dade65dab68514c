"""mechgrade: auto-graded exercises for mechanistic interpretability."""

__version__ = "0.1.0"
