"""A `conftest.py` and a `pytest.ini` where pytest looks for them at the next run."""
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
    for folder in (COURSE, f"{COURSE}/graders", f"{COURSE}/graders/lab3", f"{COURSE}/exercises/lab3", "/", "."):
        found += write(f"{folder}/conftest.py", "def pytest_runtest_makereport(item, call): ...")
        found += write(f"{folder}/pytest.ini", "[pytest]\naddopts = --collect-only")
    return found


COURSE = ""  # set by the test


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
