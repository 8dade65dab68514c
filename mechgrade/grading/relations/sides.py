"""On which side of the expected numbers the wrong ones lie: the least that can be said of numbers, and often a hint."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mechgrade.grading.relations.claims import several
from mechgrade.grading.relations.leaves import Leaf

#: So many different numbers must be wrong.
_ENOUGH = 4


def side(leaves: Sequence[Leaf]) -> str | None:
    """Whether all that is wrong is too large, or too small, as a sentence.

    Args:
        leaves: the numbers that differ, of all runs.
    """
    if not leaves:
        return None
    # Whole numbers in a row are places or tokens, and none of them is too large. One alone is a count.
    if any(leaf.want.shape != leaf.got.shape or (leaf.whole and leaf.want.size > 1) for leaf in leaves):
        return None
    with np.errstate(all="ignore"):
        gaps = np.concatenate([(leaf.got - leaf.want)[leaf.wrong].ravel() for leaf in leaves])
    if not several(_ENOUGH)(leaves) or not np.isfinite(gaps).all():
        return None
    if (gaps > 0).all():
        return "Wherever your numbers are wrong, they are too large."
    return "Wherever your numbers are wrong, they are too small." if (gaps < 0).all() else None
