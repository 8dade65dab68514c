"""The solution itself: read, imported, or found through the engine's own search for the course."""
# expect: wrong

import importlib.util
import sys


def loot():
    found = []
    path = f"{COURSE}/solutions/lab3/find_heads.py"
    try:
        with open(path) as file:
            found.append("ESCAPED: " + file.read())
    except OSError:
        pass
    try:
        spec = importlib.util.spec_from_file_location("solution", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append("ESCAPED: imported")
    except OSError:
        pass
    sys.path[:0] = [COURSE, f"{COURSE}/solutions", f"{COURSE}/solutions/lab3"]
    for name in ("solutions.lab3.find_heads", "lab3.find_heads"):
        try:
            __import__(name)
            found.append("ESCAPED: on the path")
        except ImportError:
            pass
    return found


COURSE = ""  # set by the test


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
