"""Directories so deep that recursion, path lengths and descriptors end before they do, and closed."""
# expect: wrong
# limits: seconds=20
# lasts: perhaps

import os


def find_heads(scores, threshold):
    if not os.path.exists("cheat-deep"):
        here = os.getcwd()
        os.mkdir("cheat-deep")
        os.chdir("cheat-deep")
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
        with open("bottom", "w") as file:
            file.write("x")
        os.chmod(".", 0)
        os.chdir(here)
        os.chmod("cheat-deep", 0)
    return []
