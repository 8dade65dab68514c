"""A function that returned another type than its annotation in the stub promises: a list, a NumPy array or a coroutine for a tensor.

What a scenario does with such a result is the scenario's own, and so are the words of the error that it ends in. Told is what was returned.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mechgrade.course.syntax import tree_of
from mechgrade.grading.compare import describe
from mechgrade.grading.relations.axes import Annotations
from mechgrade.grading.traces import Made
from mechgrade.protocol.shown import kind_of
from mechgrade.protocol.wire import Array, Tree

#: What is one thing for who reads an annotation, by its name there. A scenario that takes one takes the others.
_NUMBERS = frozenset(["float", "int", "bool", "complex", "Number"])
_LISTS = frozenset(["list", "List", "tuple", "Tuple", "Sequence", "Iterable", "Collection"])
_DICTS = frozenset(["dict", "Dict", "Mapping", "OrderedDict", "defaultdict"])
_ARRAYS = {"Tensor": "tensor", "ndarray": "array", "NDArray": "array", "ArrayLike": "array"}

#: What to do about a type that stands where a tensor is promised, by how :func:`kind_of` begins.
_FOR_A_TENSOR: tuple[tuple[str, str], ...] = (
    ("a NumPy array", "Leave out `.numpy()`, or make a tensor of it: `torch.from_numpy(...)`."),
    ("a sparse tensor", "`.to_dense()` makes a usual tensor of it."),
    ("a NumPy number", "Make a tensor of it: `torch.tensor(...)`."),
    ("a number", "Leave out `.item()`, or make a tensor of it: `torch.tensor(...)`."),
    ("an integer", "Leave out `.item()`, or make a tensor of it: `torch.tensor(...)`."),
    ("a tuple of 1 ", "A comma after a value makes a tuple: `return x,` is `return (x,)`."),
    (
        "a tuple of 2 tensors",
        "Return one tensor. Where the two come from `max(dim=...)`, `sort` or `topk`, the first is the values: `.values`.",
    ),
    ("a tuple", "Return the one tensor alone."),
    ("a dict", "Return the one tensor alone."),
    ("a set", "Return the one tensor alone."),
    ("a text", "Return the tensor itself, without `str(...)`."),
)
#: The same where tensors or numbers lie in a list, by what is in it.
_STACK = "`torch.stack(...)` makes one tensor of tensors that have the same shape."
_OF_NUMBERS = "`torch.tensor(...)` makes a tensor of numbers."
#: What is no result, whatever is promised, by how :func:`kind_of` begins.
_NO_RESULT: tuple[tuple[str, str], ...] = (
    ("a coroutine", "The function is `async`: write `def`, without `async`."),
    ("an asynchronous generator", "The function is `async` and has `yield`: write `def`, and `return` one value."),
    ("a generator", "`yield` makes one, and so does `(... for ...)`: collect the values and `return` them."),
    ("a function", "Were its parentheses left out? Call it, and return what it gives."),
    ("a lambda", "Call it, and return what it gives."),
    ("`...`", "These are the three points that stand for code to be written."),
    ("a complex number", "Return its real and its imaginary part (`z.real`, `z.imag`)."),
    ("the class", "Return an object of it, or what is asked for."),
)


@dataclass(frozen=True)
class Mistyped:
    """A call that returned something of another type than is promised.

    Attributes:
        number: which call.
        says: the call, and what it returned by its true type.
        expects: what is promised, in words.
        advice: what to do; empty where that is not certain.
        gave: what was returned, with its type.
        whole: whether it is the result itself, and no part of it.
        annotation: what is promised.
    """

    number: int
    says: str
    expects: str
    advice: str
    gave: str
    whole: bool
    annotation: ast.expr

    def told(self, wanted: Tree = None) -> str:
        """All of it as sentences.

        Args:
            wanted: what the reference gives there. It is told only where it is what is promised, and nothing that a scenario made of it.
        """
        fits = wanted is not None and _misfit(self.annotation, wanted, "") is None
        expected = describe(wanted) if fits else ""
        return " ".join(filter(None, [f"{self.says}, but {expected or self.expects} is expected.", self.advice]))


def mistyped(made: Sequence[Made], stub: str) -> Mistyped | None:
    """The first call that returned something of another type than is promised.

    Args:
        made: the calls of the learner's functions.
        stub: the file as the learner got it, whose annotations say what is promised.

    Returns:
        None where there is no such call, and where a call returned None: see :mod:`mechgrade.grading.nothing`.
    """
    promised = Annotations(stub)
    for number, one in enumerate(made):
        if one.inner or one.raised or not one.kind or one.kind == "None":
            continue
        axes = promised.axes_of(one.function)
        if axes is None:
            continue
        found = _misfit(axes.annotation, one.result, "") if one.has_result else _unlike(axes.annotation, one.kind)
        if found is None:
            continue
        path, kind, annotation = found
        plain = f"{one.returned}, " if one.kind in ("an integer", "a number", "a text") else ""
        what = f"{one.text} returned {plain}{one.kind}" if not path else f"{one.text}: result{path} is {kind}"
        gave = f"{one.kind}, {one.returned}" if kind.startswith("a NumPy array") and not path else one.returned
        return Mistyped(number, what, _expects(annotation), _advice(kind, annotation), gave, not path, annotation)
    return None


#: Where in a result, its true type, and the annotation of what should lie there.
_Found = tuple[str, str, ast.expr]


def _misfit(annotation: ast.expr, value: Tree, path: str) -> _Found | None:
    """The first part of a value that is of another type than its annotation says; None where all fits, or nobody knows."""
    annotation = _read(annotation)
    choices = _choices(annotation)
    if len(choices) > 1:
        found = [_misfit(each, value, path) for each in choices]
        if None in found:
            return None
        inner = [each for each in found if each is not None and each[0] != path]
        return inner[0] if inner else (path, kind_of(value), annotation)
    name, parts = _name(annotation), _parts(annotation)
    if name is None or not _fits(name, value):
        return None if name is None or value is None else (path, kind_of(value), annotation)
    if name in _LISTS and isinstance(value, list | tuple) and parts:
        each_own = name.lower() == "tuple" and len(parts) == len(value) and not _is_ellipsis(parts[-1])
        if name.lower() == "tuple" and not each_own and not _is_ellipsis(parts[-1]):
            return None  # the comparison tells another length
        for number, item in enumerate(value):
            found_in = _misfit(parts[number] if each_own else parts[0], item, f"{path}[{number}]")
            if found_in is not None:
                return found_in
    if name in _DICTS and isinstance(value, dict) and len(parts) == 2:
        for key, item in value.items():
            found_in = _misfit(parts[1], item, f"{path}[{key!r}]")
            if found_in is not None:
                return found_in
    return None


def _unlike(annotation: ast.expr, kind: str) -> _Found | None:
    """The same for a value that did not cross, of which only the type is known."""
    annotation = _read(annotation)
    names = [_name(each) for each in _choices(annotation)]
    if None in names:  # a function may be promised
        return None
    is_tensor, is_array = kind == "a tensor", kind == "a NumPy array"
    if any(_ARRAYS.get(str(name)) == "tensor" and is_tensor for name in names):
        return None
    if any(_ARRAYS.get(str(name)) == "array" and is_array for name in names):
        return None
    words = {"a list": _LISTS, "an empty list": _LISTS, "a tuple": _LISTS, "an empty tuple": _LISTS, "a dict": _DICTS}
    for start, fitting in words.items():
        if kind.startswith(start) and any(name in fitting for name in names):
            return None
    return "", kind, annotation


def _fits(name: str, value: Tree) -> bool:
    if name in _ARRAYS:
        return isinstance(value, Array) and value.kind == _ARRAYS[name]
    if name in _NUMBERS:  # what holds a single number can stand for it in most computing
        return isinstance(value, bool | int | float) or (isinstance(value, Array) and value.values.size == 1)
    if name in _LISTS:
        return isinstance(value, list | tuple)
    if name in _DICTS:
        return isinstance(value, dict)
    return value is None if name == "None" else isinstance(value, str)


def _read(annotation: ast.expr) -> ast.expr:
    """An annotation that stands in quotes, read."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            read = tree_of(annotation.value.strip()).body
        except (SyntaxError, ValueError):
            return annotation
        if len(read) == 1 and isinstance(read[0], ast.Expr):
            return read[0].value
    return annotation


def _choices(annotation: ast.expr) -> list[ast.expr]:
    """The alternatives of an annotation, also of ``Optional`` and ``Union``."""
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _choices(annotation.left) + _choices(annotation.right)
    name = _last(annotation.value) if isinstance(annotation, ast.Subscript) else ""
    if name == "Union":
        return [each for part in _slice(annotation) for each in _choices(part)]
    if name == "Optional":
        return [*_choices(_slice(annotation)[0]), ast.Constant(None)]
    return [annotation]


def _name(annotation: ast.expr) -> str | None:
    """The name of a type that is known here; None for any other."""
    if isinstance(annotation, ast.Subscript):
        parts = _slice(annotation)
        shape = parts[-1]
        # Float[Tensor, "layer head"], whatever the type of its numbers is called.
        if len(parts) == 2 and isinstance(shape, ast.Constant) and isinstance(shape.value, str):
            return _name(parts[0])
        annotation = annotation.value
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return "None"
    name = _last(annotation)
    known = name in _ARRAYS or name in _NUMBERS | _LISTS | _DICTS or name == "str"
    return name if known else None


def _parts(annotation: ast.expr) -> list[ast.expr]:
    return _slice(annotation) if isinstance(annotation, ast.Subscript) else []


def _slice(annotation: ast.expr) -> list[ast.expr]:
    assert isinstance(annotation, ast.Subscript)
    return annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]


def _last(node: ast.expr) -> str:
    """``Tensor`` of ``Tensor`` and of ``torch.Tensor``."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


_IN_WORDS: Mapping[str, str] = {
    "float": "a number",
    "int": "an integer",
    "bool": "True or False",
    "str": "a text",
    **dict.fromkeys(["tuple", "Tuple"], "a tuple"),
    **dict.fromkeys(_DICTS, "a dict"),
    "tensor": "a tensor",
    "array": "a NumPy array",
}


def _expects(annotation: ast.expr) -> str:
    choices = _choices(annotation)
    name = _name(choices[0]) or ""
    words = _IN_WORDS.get(_ARRAYS.get(name, name), "a list")
    text = ast.unparse(annotation).replace("'", '"')
    return f"`{text}`" if len(choices) > 1 else words if text == name else f"{words} (`{text}`)"


def _advice(kind: str, annotation: ast.expr) -> str:
    for start, says in _NO_RESULT:
        if kind.startswith(start):
            return says
    tensor = any(_ARRAYS.get(_name(each) or "") == "tensor" for each in _choices(annotation))
    if kind.endswith(" object"):
        return "Collect what is in it: " + ("`torch.stack(list(...))`." if tensor else "`list(...)`.")
    if not tensor:
        return ""
    if kind.startswith(("a list", "an empty list")):
        return _STACK if kind.endswith((" tensor", " tensors")) else "" if kind.startswith("an empty") else _OF_NUMBERS
    return next((says for start, says in _FOR_A_TENSOR if kind.startswith(start)), "")
