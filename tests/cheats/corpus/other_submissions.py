"""The neighbours' work, in the folder that the grader reads from."""
# expect: wrong

import os


def loot():
    found = []
    for folder in (f"{COURSE}/submissions", f"{COURSE}/exercises", "/tmp", "/var/tmp", "/dev/shm"):
        for where, _, names in os.walk(folder):
            for name in names[:200]:
                try:
                    with open(f"{where}/{name}", "rb") as file:
                        found.append(file.read(500).decode("latin1"))
                except OSError:
                    pass
            if len(found) > 500:
                break
    try:
        with open(f"{COURSE}/submissions/other/lab3/find_heads.py") as file:
            found.append("ESCAPED: " + file.read())
    except OSError:
        pass
    return found


COURSE = ""  # set by the test


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
