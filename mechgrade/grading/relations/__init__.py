"""What relates a learner's data to the reference's, where no misconception explains it."""

from mechgrade.grading.relations.relate import Pair, Sources, relate, relation

__all__ = ["Pair", "Sources", "relate", "relation"]
