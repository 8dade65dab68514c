"""Pytest's outcomes, raised by the learner's code: skipped and expected failures are no failures."""
# expect: raised
# levels: full

import pytest


def find_heads(scores, threshold):
    pytest.skip("nothing to see here", allow_module_level=True)
