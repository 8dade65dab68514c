"""Folders that their owner may not enter are left behind in the temporary directory."""
# expect: wrong

import os


def find_heads(scores, threshold):
    os.makedirs("cheat-closed/inner/most")
    os.chmod("cheat-closed/inner", 0)
    os.chmod("cheat-closed", 0)
    return []
