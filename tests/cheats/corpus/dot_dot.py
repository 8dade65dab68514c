"""Paths that climb out: through /proc/self/root, through the current directory, through links."""
# expect: wrong

import os


def loot():
    found = []
    for start in ("/proc/self/root", "/proc/self/cwd", "/proc/1/root", "..", "../" * 30, "/proc/self/fd/3/.."):
        try:
            with open(f"{start}{COURSE}/outputs/results.json") as file:
                found.append("ESCAPED: " + file.read())
        except OSError:
            pass
    if not os.path.lexists("link"):
        os.symlink(COURSE, "link")
        os.symlink(f"{COURSE}/outputs/results.json", "file")
    for path in ("link/outputs/results.json", "file"):
        try:
            with open(path) as file:
                found.append("ESCAPED: " + file.read())
        except OSError:
            pass
    try:
        os.link(f"{COURSE}/outputs/results.json", "hard")
        found.append("ESCAPED: a hard link")
    except OSError:
        pass
    return found


COURSE = ""  # set by the test


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
