"""Code that every later Python runs at its start: `sitecustomize`, `usercustomize`, a `.pth`."""
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


import site
import sys


def loot():
    found = []
    for folder in {*site.getsitepackages(), site.getusersitepackages(), *filter(None, sys.path), sys.prefix}:
        for name in ("cheat_sitecustomize.py", "cheat.pth"):
            if not folder.endswith(".zip"):
                found += write(f"{folder}/{name}", "import os")
    return found


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
