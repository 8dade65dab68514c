"""The marks of a variants file: ``from mechgrade.authoring.variants import accepted, misconception``."""

from mechgrade.course.variants import accepted, misconception

__all__ = ["accepted", "misconception"]
