"""Hold a model against what was published about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mechgrade.course import CourseError
from mechgrade.hub import registry

_HERE = Path(__file__).parent


class Fact(BaseModel):
    """A statement with its source, the measurement that it is about, and how near that must come."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    says: str
    source: str = Field(min_length=10)
    measure: str
    arguments: dict[str, Any]
    expect: int | float | list[list[int]] | None = None
    expect_from_release: Literal["l0", "variance_explained"] | None = None
    holds: Literal["equal", "near", "contains"]
    tolerance: int | float | None = None
    backend: Literal["bridge", "hooked"] = "bridge"

    @model_validator(mode="after")
    def _whole(self) -> Fact:
        if (self.expect is None) == (self.expect_from_release is None):
            raise ValueError("exactly one of expect and expect_from_release")
        if (self.holds == "near") != (self.tolerance is not None):
            raise ValueError("a tolerance with `near`, and with nothing else")
        return self


@dataclass(frozen=True)
class Finding:
    """A fact, measured.

    Attributes:
        fact: what was published.
        expected: the value that it states.
        found: what was measured; None where that was not possible.
        holds: whether the two agree.
        why: what hindered the measurement.
    """

    fact: Fact
    expected: Any
    found: Any
    holds: bool
    why: str = ""


def known() -> list[str]:
    """The models of which facts are kept."""
    return sorted(path.stem for path in _HERE.glob("*.yaml"))


def facts_of(model: str) -> list[Fact]:
    """What is kept about a model.

    Raises:
        CourseError: nothing.
    """
    path = _HERE / f"{model}.yaml"
    if model not in known():
        raise CourseError(f"no published facts are kept about {model!r}; there are some about {', '.join(known())}")
    return [Fact.model_validate(entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["facts"]]


def verify(facts: list[Fact], sae: str, measure: Callable[[Fact], Any]) -> Iterator[Finding]:
    """Measure each fact.

    Args:
        facts: what was published.
        sae: the release/id of the model's autoencoder, where a fact takes its value from the release; empty for none.
        measure: gives a fact's measurement, or raises a ``ValueError`` that says why there is none.
    """
    for fact in facts:
        expected = _expected(fact, sae)
        try:
            found = measure(fact)
        except ValueError as error:
            yield Finding(fact, expected, None, False, str(error))
            continue
        yield Finding(fact, expected, found, agrees(fact, expected, found))


def _expected(fact: Fact, sae: str) -> Any:
    if fact.expect_from_release is None:
        return fact.expect
    if not sae:
        raise CourseError(f"{fact.name}: the model's profile in course.yaml has no downloaded part sae")
    return registry.sae(sae).stated[fact.expect_from_release]


def agrees(fact: Fact, expected: Any, found: Any) -> bool:
    """Whether a measurement agrees with what was published. NaN agrees with nothing."""
    if fact.holds == "contains":
        return all(head in found for head in expected)
    if fact.holds == "near":
        assert fact.tolerance is not None
        return bool(abs(found - expected) <= fact.tolerance)
    return bool(found == expected)
