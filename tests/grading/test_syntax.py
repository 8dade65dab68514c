"""What a text shows is said where it is certain: in no right program, and in wrong ones that data cannot tell apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from strangers import corpus
from support import grade_folder

from mechgrade.course import Course
from mechgrade.course.variants import programs
from mechgrade.grading.syntax import seen
from mechgrade.grading.worker import Worker

HOOK = "def f(model, x):\n    def hook({arguments}):\n        {body}\n    return model.run_with_hooks(x, fwd_hooks=[('a', hook)])\n"


def hook(body: str, arguments: str = "value, hook") -> str:
    return HOOK.format(body=body.replace("\n", "\n        "), arguments=arguments)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (hook("value = value * 2"), 3, "the name `value` gets a new value here, and `hook` returns nothing"),
        (hook("value = value.clone()\nvalue = torch.where(a, b, value)"), 4, "the name `value`"),
        (hook("value[0] = 1\nvalue = value / 2\nreturn"), 4, "the name `value`"),
        ("def f(x):\n    x.softmax(-1)\n    return x", 2, "`x.softmax(-1)` gives a new value, and this line keeps it nowhere"),
        ("def f(x):\n    torch.where(x > 0, x, 0)\n    return x", 2, "`torch.where(x > 0, x, 0)` gives"),
        ("def f(n):\n    hooks = [('a', lambda z, hook: z[h]) for h in range(n)]\n    return run(hooks)", 2, "read `h`"),
        ("def f(n):\n    for h in range(n):\n        hooks.append(lambda z, hook: z[h])\n    run(hooks)", 3, "read `h`"),
        ("def f(n):\n    for h in range(n):\n        def g(z, hook):\n            return z[h]\n        hooks.append(('a', g))", 3, "read `h`"),
    ],
)  # fmt: skip
def test_it_is_said(text: str, line: int, says: str) -> None:
    (sentence,) = seen(text)
    assert sentence.startswith(f"Line {line}: ") and says in sentence


@pytest.mark.parametrize(
    "text",
    [
        hook("value = value * 2\nreturn value"),
        hook("value[:] = 0"),
        hook("value = value.mul_(2)"),
        hook("value *= 2"),
        hook("value = value.detach()\nkept.append(value)"),
        hook("value = None"),
        hook("value = zeroed(value)"),
        hook("value = value * scaled(value)"),
        hook("value = other"),
        "def f(x, axis, logger):\n    axis.scatter(x, x)\n    logger.log(10, 'here')\n    return x",
        hook("torch.mul(value, 2, out=value)"),
        hook("other = value * 2"),
        hook("model = model.eval()", "model, hook"),
        "def f(x):\n    x.add_(1)\n    x.sort()\n    torch.exp(x, out=x)\n    return x",
        "def f(n):\n    return [(lambda z, h=h: z[h]) for h in range(n)]",
        "def f(n):\n    return [partial(lambda h, z: z[h], h) for h in range(n)]",
        "def f(n):\n    return [run(lambda z: z[h]) for h in range(n)]",
        "def f(n):\n    for h in range(n):\n        hooks = []\n        hooks.append(lambda z: z[h])\n        run(hooks)",
        "def f(n):\n    for h in range(n):\n        hooks.append(lambda z: z[h])\n        run(hooks)",
        "def f(",
        "x = '\\0'",
    ],
)
def test_it_is_not_said(text: str) -> None:
    assert seen(text) == []


def test_what_the_stub_holds_is_not_the_learners() -> None:
    text = "def f(x):\n    x.softmax(-1)\n    raise NotImplementedError\n"
    assert seen(text) and not seen(text, stub=text)


def test_no_right_program_is_told_anything(course: Course) -> None:
    for exercise in course.exercises():
        known = programs(course, exercise)
        stub = next(each.source for each in known if each.kind == "stub")
        right = {each.name: each.source for each in known if each.kind in ("reference", "accepted")}
        right |= {each.name: each.path.read_text() for each in corpus.programs(exercise) if each.right}
        assert {name: says for name, text in right.items() if (says := seen(text, stub))} == {}, exercise


def test_a_mistake_without_a_name_is_located(course: Course, worker: Worker, tmp_path: Path) -> None:
    (exercise,) = course.exercises("lab1", "attention_from_qk")
    head, _, _ = course.stub_path(exercise).read_text().partition("    raise NotImplementedError")
    body = """    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1]
    mask = torch.ones(q.shape[1], q.shape[1], device=q.device).triu(1).bool()
    scores.masked_fill(mask, -torch.inf)
    return scores.softmax(-2).tril()
"""
    (tmp_path / "lab1").mkdir()
    (tmp_path / "lab1/attention_from_qk.py").write_text(head + body)
    (entry,) = grade_folder(course, worker, tmp_path, [exercise]).exercises
    failure = entry.first_failure
    assert failure is not None and entry.misconception is None
    line = head.count("\n") + 3
    assert f"Line {line}: `scores.masked_fill(mask, -torch.inf)` gives a new value" in failure.sentence
