"""A raise that was left above working code, found in the text."""

from __future__ import annotations

import pytest

from mechgrade.grading.stub import is_above_code

RAISE = 'raise NotImplementedError("f: not written yet")'


@pytest.mark.parametrize(
    ("source", "line", "expected"),
    [
        (f"def f(x):\n    {RAISE}\n", 2, False),
        (f"def f(x):\n    {RAISE}\n    return x\n", 2, True),
        (f'def f(x):\n    """Text."""\n    {RAISE}\n    y = x\n    return y\n', 3, True),
        # What stands above has run; another function below is another function.
        (f"def f(x):\n    y = x\n    {RAISE}\n\ndef g(x):\n    return x\n", 3, False),
        (f"def f(x):\n    {RAISE}\n    return x\n\ndef g(x):\n    {RAISE}\n", 6, False),
        # Of several lines, any; a comment is no code.
        ('def f(x):\n    raise NotImplementedError(\n        "no"\n    )\n    return x\n', 2, True),
        ('def f(x):\n    raise NotImplementedError(\n        "no"\n    )\n    return x\n', 4, True),
        (f"def f(x):\n    {RAISE}\n    # return x\n", 2, False),
        # In a branch, the code after the branch does run for others.
        (f"def f(x):\n    if x:\n        {RAISE}\n    return x\n", 3, False),
        (f"def f(x):\n    if x:\n        pass\n    else:\n        {RAISE}\n        return x\n", 5, True),
        (f"def f(x):\n    try:\n        pass\n    finally:\n        {RAISE}\n        x = 1\n", 5, True),
        ("def f(x):\n    return x\n    return x\n", 2, False),
        (f"def f(x):\n    {RAISE}\n    return x\n", 3, False),
        ("def f(x:\n", 1, False),
        ("\0", 1, False),
    ],
)
def test_code_below_a_raise(source: str, line: int, expected: bool) -> None:
    assert is_above_code(source, line) is expected
