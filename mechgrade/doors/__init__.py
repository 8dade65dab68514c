"""The ways to be graded, and all that a person calls: the command, notebooks, nbgrader, watch, the doctor."""
