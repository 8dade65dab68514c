"""A thousand small files."""
# expect: wrong
# limits: seconds=20

import os


def find_heads(scores, threshold):
    if not os.path.exists("cheat-many"):
        os.mkdir("cheat-many")
        for number in range(1000):
            with open(f"cheat-many/{number}", "w") as file:
                file.write("x")
    return []
