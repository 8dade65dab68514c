"""The result files that a grader reads or shows, written in advance."""
# expect: wrong

import os


def write(path, text):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    except OSError:
        return []
    # In its own temporary directory it may write what it likes.
    return (
        []
        if os.path.realpath(path).startswith(os.path.realpath(os.environ["TMPDIR"]) + "/")
        else [f"ESCAPED: wrote {path}"]
    )


def loot():
    found = []
    for folder in (COURSE, f"{COURSE}/outputs", f"{COURSE}/.mechgrade", "/autograder/results", "/tmp", "."):
        for name in ("results.json", "result.json", "cheat-grades.csv", "report.xml"):
            found += write(f"{folder}/{name}", '{"score": 5, "verdict": "passed"}')
    return found


COURSE = ""  # set by the test


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
