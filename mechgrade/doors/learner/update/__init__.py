"""A new version of the course, brought under a learner's own work: ``mechgrade update``."""
