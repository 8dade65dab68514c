"""Hold a real model against what papers say of it: heads, logit differences, an SAE's sparsity.

Exit code 1 when a fact does not hold, 2 when nothing is kept about the model, 3 when it is not on this machine.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mechgrade.course import CourseError, find_course, load_course
from mechgrade.hub.files import here, needs

from .verify import Fact, facts_of, verify

if TYPE_CHECKING:
    from mechgrade.bench.transformer_lens.bench import Bench


def main(arguments: list[str] | None = None) -> int:
    """Measure each fact about a model, and say which hold."""
    parser = argparse.ArgumentParser("mechgrade verify", description=__doc__)
    parser.add_argument("name", help="a model of which published facts are kept, such as gpt2-small")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    options = parser.parse_args(arguments)
    # Read when huggingface_hub is imported, which the first look into the cache does.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        facts = facts_of(options.name)
        profile = load_course(find_course()).model(options.name)
        # Before torch is imported, which takes seconds: are the files here?
        absent = [need.what for need in needs(profile) if here(need) is None]
        if absent:
            return _stop(f"{absent[0]} is not on this machine: run `mechgrade models pull {options.name}`", 3)
        return _tell(
            facts,
            options.name,
            profile.parts.get("sae", "").removeprefix("hub:"),
            _measuring(options.name, options.device),
        )
    except CourseError as error:
        return _stop(str(error), 2)


def _tell(facts: list[Fact], name: str, sae: str, measure: Callable[[Fact], Any]) -> int:
    from mechgrade.bench import BenchError

    held = 0
    try:
        for finding in verify(facts, sae, measure):
            fact = finding.fact
            held += finding.holds
            bound = f" ± {fact.tolerance:g}" if fact.tolerance else ""
            print(f"{'holds' if finding.holds else 'DOES NOT HOLD'}: {fact.name}: {fact.says}")
            print(f"    published: {finding.expected}{bound}    found: {finding.why or finding.found}")
            print(f"    source: {' '.join(fact.source.split())}")
    except BenchError as error:
        return _stop(str(error), 3)
    print(f"{held} of {len(facts)} published facts hold on {name}")
    return int(held < len(facts))


def _measuring(name: str, device: str) -> Callable[[Fact], Any]:
    """What measures a fact; a bench is opened for each back end that a fact asks for."""
    benches: dict[str, Bench] = {}

    def measure(fact: Fact) -> Any:
        from mechgrade.bench import open_bench

        from .measure import MEASURES

        if fact.backend not in benches:
            benches[fact.backend] = open_bench(name, fact.backend, device)
        return MEASURES[fact.measure](benches[fact.backend], **fact.arguments)

    return measure


def _stop(message: str, code: int) -> int:
    print(f"mechgrade: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
