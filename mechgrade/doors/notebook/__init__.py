"""Exercises in a Jupyter notebook: check them from a cell, and carry work between notebook and stub files."""
