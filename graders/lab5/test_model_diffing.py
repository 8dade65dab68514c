"""Grader of `model_diffing`."""
