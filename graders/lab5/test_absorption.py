"""Grader of `absorption`."""
