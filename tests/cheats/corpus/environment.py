"""Variables that Python and pytest obey at their next start."""
# expect: wrong
# levels: full

import os

os.environ.update(
    PYTEST_ADDOPTS="--collect-only",
    PYTHONPATH="/tmp",
    PYTHONSTARTUP="/tmp/x.py",
    LD_PRELOAD="/tmp/x.so",
    PYTHONINSPECT="1",
)


def find_heads(scores, threshold):
    return []
