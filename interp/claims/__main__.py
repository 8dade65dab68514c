"""Measure again what the texts say of the shipped models, and fail where a text says something else."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from . import Claim, Value, all_claims
from .texts import Mention, mentions, says


@dataclass(frozen=True)
class Verdict:
    """A claim, measured, and held against every text that makes it."""

    claim: Claim
    values: tuple[Value, ...]
    why: str  # why nothing was measured, or nothing
    wrong: tuple[Mention, ...]

    @property
    def holds(self) -> bool:
        """Whether it was measured, and every text says so."""
        return not self.why and not self.wrong

    @property
    def measured(self) -> str:
        """The values, as a person reads them."""
        return ", ".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in self.values)


def judge(claim: Claim, made: list[Mention]) -> Verdict:
    """Measure a claim and look at every text that makes it."""
    try:
        values = claim.values()
    except Exception as error:  # one claim that cannot be measured does not hide the others
        return Verdict(claim, (), f"{type(error).__name__}: {error}", ())
    return Verdict(claim, values, "", tuple(each for each in made if not says(each.passage, values)))


def strays(names: set[str], made: list[Mention]) -> list[str]:
    """One line for each id that only a text has, or only this package."""
    stated = {each.name for each in made}
    lines = [f"{each.place}: no function measures {each.name!r}" for each in made if each.name not in names]
    return lines + [f"interp/claims: no text makes the claim {name!r}" for name in sorted(names - stated)]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 when a claim does not hold."""
    parser = argparse.ArgumentParser("mechgrade claims", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="ID", help="only claims whose id begins so (default: all)")
    parser.add_argument("--list", action="store_true", help="print ids, texts and what they say; measure nothing")
    options = parser.parse_args(arguments)
    claims, made = all_claims(), mentions()
    lines = [] if options.names else strays(set(claims), made)
    chosen = [each for name, each in claims.items() if name.startswith(tuple(options.names or ("",)))]
    failed = 0
    for each in chosen:
        here = [mention for mention in made if mention.name == each.name]
        if options.list:
            print(f"{each.name}: {each.says.splitlines()[0]}", *(f"    {mention.place}" for mention in here), sep="\n")
            continue
        verdict = judge(each, here)
        failed += not verdict.holds
        print(f"{'holds' if verdict.holds else 'WRONG'}  {each.name}: {verdict.why or verdict.measured}", flush=True)
        for mention in verdict.wrong:
            print(f"       {mention.place}: {mention.passage}")
    print(*lines, sep="\n" if lines else "")
    places = len([mention for mention in made if mention.name in {each.name for each in chosen}])
    if not options.list:
        print(f"{len(chosen)} claims, {len(chosen) - failed} hold; they stand in {places} places of the texts")
    return 1 if failed or lines else 0


if __name__ == "__main__":
    sys.exit(main())
