"""Exercises in a Jupyter notebook: check them from a cell, and carry work between notebook and stub files.

A cell of a notebook needs no more than ``from mechgrade.notebook import check, hint``.
"""

from mechgrade.notebook.kernel import check, hint

__all__ = ["check", "hint"]
