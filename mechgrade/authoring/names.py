"""Which names an exercise cannot have. Its file is run from its lab's folder, and there it comes before a library of its name."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder


def hidden_library(name: str) -> str:
    """Why the files beside an exercise of that name could not import what they need, in words; empty where they can."""
    if name in sys.stdlib_module_names:
        whose = "Python's own"
    elif (
        spec := PathFinder.find_spec(name, [path for path in sys.path if path])
    ) is not None and spec.origin is not None:
        whose = "an installed library's"
    else:
        return ""
    return f"{name} is {whose} name: `import {name}` in the files beside {name}.py would find the exercise; choose another name"
