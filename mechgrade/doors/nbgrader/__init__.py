"""Releasing labs through nbgrader, and grading them there: notebooks with solutions, and what nbgrader's own commands use.

The project's ``nbgrader_config.py`` names the classes of this package, so that the ordinary ``nbgrader`` commands do what is
needed. No learner's code runs in nbgrader's process, nor in a Jupyter kernel: it is taken out of the notebook as text, and run
in the worker's sandbox.
"""
