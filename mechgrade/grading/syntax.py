"""What a learner's text itself shows: a line that has no effect, a function that will read another value than the one meant.

Data tells that a result is wrong; it cannot tell that the right tensor was computed and thrown away. Only what is certain from the syntax is said, and
only beside a wrong result, of lines that the learner wrote.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from mechgrade.grading.parsed import parsed

#: Methods and functions of tensors that change nothing: all that they do is in what they return. Left out are names that something else has with another
#: meaning: `axis.scatter` draws, `logger.log` writes.
_PURE = frozenset(
    {
        *("softmax", "log_softmax", "masked_fill", "clamp", "relu", "exp", "abs", "neg", "sqrt"),
        *("mean", "sum", "cumsum", "argmax", "argmin", "argsort", "topk", "where"),
        *("transpose", "permute", "reshape", "view", "flatten", "squeeze", "unsqueeze", "expand", "swapaxes"),
        *("tril", "triu", "contiguous", "clone", "detach", "index_add", "index_fill", "masked_select"),
    }
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_SHOWN = 50


def seen(source: str, stub: str = "") -> list[str]:
    """What the text of a learner's functions shows: a sentence for each line that shows something, in their order.

    Args:
        source: the learner's file; one that does not parse shows nothing.
        stub: the file as the learner got it. What stands there too is not the learner's.
    """
    tree = parsed(source)
    if tree is None:
        return []
    lines = source.splitlines()
    given = {line.strip() for line in stub.splitlines()}
    found: dict[int, str] = {}
    for function in (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)):
        for line, says in [*_thrown_away(function), *_rebound(function), *_late(function)]:
            if lines[line - 1].strip() not in given:
                found.setdefault(line, f"Line {line}: {says}")
    return [found[line] for line in sorted(found)]


def _thrown_away(function: ast.AST) -> Iterator[tuple[int, str]]:
    """A new tensor that is the value of no name: `scores.softmax(-1)` alone on its line."""
    for node in own_nodes(function):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            if isinstance(call.func, ast.Attribute) and call.func.attr in _PURE and not _writes(call):
                yield (
                    node.lineno,
                    f"`{_short(call)}` gives a new value, and this line keeps it nowhere. Give it a name, or use it.",
                )


def _writes(call: ast.Call) -> bool:
    """``out=`` is where some functions write to; of unpacked arguments nobody knows."""
    return any(word.arg in ("out", None) for word in call.keywords)


def _rebound(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[int, str]]:
    """An argument's name that is given a new tensor at the end of a function that returns nothing, as in a hook."""
    if any(isinstance(node, ast.Return) and node.value is not None for node in own_nodes(function)):
        return
    if any(isinstance(node, ast.Yield | ast.YieldFrom | ast.Global | ast.Nonlocal) for node in own_nodes(function)):
        return
    names = {each.arg for each in (*function.args.posonlyargs, *function.args.args)} - {"self"}
    looping = {node for loop in own_nodes(function) if isinstance(loop, _LOOPS) for node in ast.walk(loop)}
    loads = [node for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    captured = {
        node.id
        for inner in own_nodes(function)
        if isinstance(inner, (*_FUNCTIONS, ast.Lambda))
        for node in ast.walk(inner)
        if isinstance(node, ast.Name)
    }
    for node in own_nodes(function):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1 or node in looping:
            continue
        target = node.targets[0]
        if not isinstance(target, ast.Name) or target.id not in names - captured or not _is_new(node.value):
            continue
        end = node.end_lineno or node.lineno
        if not any(load.id == target.id and load.lineno > end for load in loads):
            yield (
                node.lineno,
                f"the name `{target.id}` gets a new value here, and `{function.name}` returns nothing, so the new value is lost. "
                f"Return it, or write into the old one, as in `{target.id}[...] = ...`.",
            )


def _is_new(value: ast.expr) -> bool:
    """Whether a value is computed, by operators and functions that change nothing. Any other function may have written into its argument."""
    calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    pure = all(isinstance(each.func, ast.Attribute) and each.func.attr in _PURE and not _writes(each) for each in calls)
    return pure and (bool(calls) or any(isinstance(node, ast.BinOp | ast.UnaryOp) for node in ast.walk(value)))


def _late(function: ast.AST) -> Iterator[tuple[int, str]]:
    """Functions made in a loop that read the loop's name: when they are called, the name has its last value."""
    for node in own_nodes(function):
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
            elements = [node.value] if isinstance(node, ast.DictComp) else [node.elt]
            names = {name for part in node.generators for name in _names(part.target)}
            made = [each for element in elements for each in _kept(element)]
        elif isinstance(node, ast.For):
            names, made = _names(node.target), _appended(node)
        else:
            continue
        for lambda_ in made:
            if late := sorted(_free(lambda_) & names):
                yield (
                    lambda_.lineno,
                    f"the functions made here read `{late[0]}` when they are called, not when they are made, so all of them find its last value. "
                    f"Keep each value in an argument: `{late[0]}={late[0]}`.",
                )


def _kept(element: ast.expr) -> Iterator[ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef]:
    """The lambdas that are an element, or stand in a tuple or list that is one. An argument of a call may be called at once."""
    if isinstance(element, ast.Lambda):
        yield element
    elif isinstance(element, ast.Tuple | ast.List):
        for each in element.elts:
            yield from _kept(each)


def _appended(loop: ast.For) -> list[ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that a loop appends to a list from outside of it."""
    inside = [node for statement in loop.body for node in ast.walk(statement)]
    here = {node.id for node in inside if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    defined = {node.name: node for node in inside if isinstance(node, _FUNCTIONS)}
    found: list[ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef] = []
    for node in inside:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append"):
            continue
        owner = node.func.value
        if not isinstance(owner, ast.Name) or owner.id in here or len(node.args) != 1:
            continue
        # A list that the loop itself hands on may be used in each turn.
        if sum(isinstance(each, ast.Name) and each.id == owner.id for each in inside) > 1:
            continue
        found += _kept(node.args[0])
        parts = node.args[0].elts if isinstance(node.args[0], ast.Tuple | ast.List) else [node.args[0]]
        found += [defined[each.id] for each in parts if isinstance(each, ast.Name) and each.id in defined]
    return found


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function and in no function inside it; those themselves are among it."""
    waiting = [*ast.iter_child_nodes(function)]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)


def _names(target: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def _free(function: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that a function reads when it is called, and that are no arguments or names of its own."""
    arguments = function.args
    own = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    own |= {each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None}
    body: Collection[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else function.body
    found = [node for part in body for node in ast.walk(part) if isinstance(node, ast.Name)]
    own |= {node.id for node in found if isinstance(node.ctx, ast.Store)}
    return {node.id for node in found} - own


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN].rstrip() + "…"
