"""A corpus of cheats: each file in ``corpus/`` is a learner's, and tries to gain points, to steal, or to break something."""
