"""YAML that remembers its lines, and pydantic's errors told as file, line, what was found and what is allowed.

It knows no course: `course` gives it a text and a model's JSON schema.
"""

import contextlib
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

Place = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Mistake:
    """One mistake in a file: the line, the dotted place on it, and the rest of the sentence."""

    line: int
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.line}: {self.place}: {self.what}" if self.place else f"{self.line}: {self.what}"


@dataclass
class Document:
    """A YAML text as plain data, the line of each of its values, and what is wrong before anyone validates it."""

    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it that is written in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def blame(self, place: Place, what: str) -> None:
        """Note a mistake at a place."""
        self.mistakes.append(Mistake(self.line(place), dotted(place), what))


def dotted(place: Iterable[str | int]) -> str:
    """`labs.week1.exercises` from its parts."""
    return ".".join(str(part) for part in place)


#: libyaml's parser, which is ten times as fast as PyYAML's own; that one where PyYAML was built without it.
_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: How deep values may stand in one another for libyaml: it counts on the machine's stack, and ends the process where that is used up.
_DEEP = 2000


def read(text: str) -> Document:
    """Parse a YAML text. Whatever is wrong goes into `mistakes`; only a text that is no YAML at all leaves no data."""
    # The two differ about tabs. And what is wrong is told by PyYAML's own parser, whose words are always the same.
    if "\t" not in text and _deepest(text) < _DEEP:
        with contextlib.suppress(yaml.YAMLError, ValueError):
            return _document(text, _FAST)
    try:
        return _document(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        mistake = Mistake(mark.line + 1 if mark else 1, "", f"not YAML: {_reason(error)}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        mistake = Mistake(line, "", f"not YAML: found a character that is not allowed, {error.character!r}")
    except RecursionError:
        mistake = Mistake(1, "", "values stand in one another too deep; allowed: a few levels")
    return Document(mistakes=[mistake])


def _deepest(text: str) -> int:
    """No value stands deeper than this: a level takes a bracket, or a place in a line."""
    return text.count("[") + text.count("{") + max(map(len, text.splitlines()), default=0)


def _document(text: str, parser: Any) -> Document:
    document = Document()
    loader = parser(text)
    try:
        node = loader.get_single_node()
        if node is None:
            document.mistakes.append(Mistake(1, "", "the file is empty; allowed: a mapping of keys to values"))
        else:
            document.lines[()] = node.start_mark.line + 1
            document.data = _plain(loader, node, (), document, frozenset())
    finally:
        loader.dispose()
    return document


def _reason(error: yaml.MarkedYAMLError) -> str:
    """PyYAML's own words, and the usual cause of the one that everybody meets."""
    reason = ", ".join(part for part in (error.context, error.problem) if part)
    if "'\\t'" in reason:
        return f"{reason}; allowed: spaces for indentation"
    if "mapping values are not allowed here" in reason:
        return f"{reason}; a text with ': ' in it needs quotes, and keys on one level the same indentation"
    return reason


def _plain(
    loader: yaml.constructor.SafeConstructor, node: yaml.Node, place: Place, document: Document, above: frozenset[int]
) -> Any:
    """Plain data from a node. It walks by hand because PyYAML's own constructor drops lines and swallows duplicate keys."""
    if id(node) in above:
        document.blame(place, "an alias that contains itself; allowed: plain values")
        return None
    above |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(loader, node, place, document, above)
    if isinstance(node, yaml.SequenceNode):
        values = []
        for index, child in enumerate(node.value):
            document.lines[(*place, index)] = child.start_mark.line + 1
            values.append(_plain(loader, child, (*place, index), document, above))
        return values
    try:
        return loader.construct_object(node)
    except (yaml.constructor.ConstructorError, ValueError):
        # ValueError: `2026-13-45` has the form of a date, and is none.
        document.blame(
            place, f"found {node.value!r} (tag {node.tag}); allowed: text, numbers, true, false, lists, mappings"
        )
        return None


def _plain_mapping(
    loader: yaml.constructor.SafeConstructor,
    node: yaml.MappingNode,
    place: Place,
    document: Document,
    above: frozenset[int],
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None or key_node.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
            shown = "a list or mapping" if key is None else key
            document.mistakes.append(
                Mistake(
                    line,
                    dotted(place),
                    f"found the key {shown}, which YAML does not read as text; allowed: text keys, in quotes where needed",
                )
            )
            continue
        inner = (*place, key)
        if key in mapping:
            document.mistakes.append(
                Mistake(
                    line,
                    dotted(inner),
                    f"found a second time (first on line {document.lines[inner]}); allowed: every key once",
                )
            )
            continue
        document.lines[inner] = line
        mapping[key] = _plain(loader, value_node, inner, document, above)
    return mapping


def explain(error: ValidationError, document: Document, schema: Mapping[str, Any]) -> None:
    """Add pydantic's errors to the document's mistakes, in words that say what is allowed at that place."""
    for item in error.errors():
        place: Place = item["loc"]
        kind = item["type"]
        if place and place[-1] == "[key]":  # the error is about the key itself
            place = place[:-1]
            document.blame(place, f"found the name {place[-1]!r}; allowed: {_said(item)}")
        elif kind == "extra_forbidden":
            allowed = list(_at(schema, place[:-1]).get("properties", {}))
            document.blame(place, f"unknown key{did_you_mean(str(place[-1]), allowed)}; allowed: {', '.join(allowed)}")
        elif kind == "missing":
            document.blame(place, f"missing; allowed: {_allowed(_at(schema, place), schema)}")
        elif kind == "value_error":
            found = item["input"]
            if isinstance(found, dict):  # what the author wrote of it, without what a loader has added
                found = {key: value for key, value in found.items() if (*place, key) in document.lines}
            document.blame(place, f"found {show(found)}; allowed: {_said(item)}")
        else:
            document.blame(place, f"found {show(item['input'])}; allowed: {_allowed(_at(schema, place), schema)}")


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """` (did you mean 'x'?)` where something near is allowed, or nothing."""
    near = difflib.get_close_matches(word, list(words), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""


def show(value: object) -> str:
    """A value as its author knows it, short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return (
            f"a mapping ({', '.join(map(str, list(value)[:4]))}{', …' if len(value) > 4 else ''})"
            if value
            else "an empty mapping"
        )
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…" + text[0]


def _said(item: Mapping[str, Any]) -> str:
    """The words of a validator of ours: they say what is allowed."""
    return str(item.get("ctx", {}).get("error", item["msg"]))


def _at(schema: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """The part of a JSON schema that rules a place."""
    here: Mapping[str, Any] = schema
    for part in place:
        here = _resolved(here, schema)
        if part in here.get("properties", {}):
            here = here["properties"][part]
        elif isinstance(part, int):
            here = here.get("items", {})
        else:
            rest = here.get("additionalProperties")
            here = rest if isinstance(rest, dict) else {}
    return _resolved(here, schema)


def _resolved(here: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in here:
        here = schema["$defs"][here["$ref"].rsplit("/", 1)[-1]]
    choices = [choice for choice in here.get("anyOf", []) if choice.get("type") != "null"]
    return choices[0] if len(choices) == 1 else here


def _allowed(rule: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a JSON schema allows, in words."""
    if "const" in rule:
        return str(rule["const"])
    if "enum" in rule:
        return " or ".join(map(str, rule["enum"]))
    kind = rule.get("type")
    if kind in ("integer", "number"):
        noun = "an integer" if kind == "integer" else "a number"
        low, high, above = rule.get("minimum"), rule.get("maximum"), rule.get("exclusiveMinimum")
        if low is not None and high is not None:
            return f"{noun} from {low:g} to {high:g}"
        if low is not None:
            return f"{noun} of at least {low:g}"
        return f"{noun} above {above:g}" if above is not None else noun
    if kind == "string":
        pattern = f" that matches {rule['pattern']}" if "pattern" in rule else ""
        return f"{'a text, not empty' if rule.get('minLength') else 'a text'}{pattern}"
    if kind == "object":
        keys = rule.get("properties")
        if keys:
            return f"a mapping with the keys {', '.join(keys)}"
        return (
            "a mapping of names to values, at least one"
            if rule.get("minProperties")
            else "a mapping of names to values"
        )
    return str(rule.get("description", "see the documentation"))
