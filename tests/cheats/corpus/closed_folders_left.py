"""Folders that their owner may not enter are left behind in the temporary directory."""
# expect: wrong

import os
import tempfile


def find_heads(scores, threshold):
    top = tempfile.mkdtemp(prefix="cheat-", dir=".")
    os.makedirs(f"{top}/inner/most")
    os.chmod(f"{top}/inner", 0)
    os.chmod(top, 0)
    return []
