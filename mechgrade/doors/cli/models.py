"""`mechgrade models` and `mechgrade verify`: which models there are on this machine, fetching the others ahead, and what holds on them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mechgrade.doors.cli.common import DONE, FAULT, NOT_FULL, stop, the_course
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import ModelProfile
    from mechgrade.facts.verify import Fact, Finding

app = typer.Typer(help="List the course's models, and download them ahead.", no_args_is_help=True)


@app.command("list")
def list_models(
    everything: Annotated[
        bool, typer.Option("--all", help="Name also every model that TransformerLens boots.")
    ] = False,
) -> None:
    """Say which models course.yaml has, and which of them are on this machine. Uses no network."""
    from rich.console import Console
    from rich.table import Table

    from mechgrade.hub import registry
    from mechgrade.hub.files import here, needs, size_text

    course = the_course()
    table = Table("model", "from", "on this machine", box=None)
    for profile in course.models.values():
        if profile.path is not None:
            table.add_row(profile.name, profile.path, "part of the course")
            continue
        try:
            wanted = needs(profile)
        except CourseError as error:
            stop(error)
        sizes = [here(need) for need in wanted]
        total = sum(size for size in sizes if size is not None)
        if all(size is not None for size in sizes):
            state = f"yes, {size_text(total)}"
        elif any(size is not None for size in sizes):
            missing = ", ".join(need.what for need, size in zip(wanted, sizes, strict=True) if size is None)
            state = f"without {missing}: mechgrade models pull {profile.name}"
        else:
            state = f"no: mechgrade models pull {profile.name}"
        table.add_row(profile.name, " + ".join(need.repository for need in wanted), state)
    Console(highlight=False).print(table)
    if everything:
        try:
            for name in sorted(set(registry.models().values()), key=str.lower):
                typer.echo(f"hub:{name}")
        except CourseError as error:
            stop(error)


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="A model of course.yaml, or any other that TransformerLens boots.")],
    again: Annotated[bool, typer.Option("--again", help="Fetch also what is here, as after a corrupt file.")] = False,
) -> None:
    """Download a model and its autoencoder, going on where an earlier try stopped, and check every file.

    Exit code 3 when the Hub, the connection or the disk failed.
    """
    # Read when huggingface_hub is imported; this command is the one that may use the network.
    os.environ.pop("HF_HUB_OFFLINE", None)
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from mechgrade.hub.files import File, HubError, fetch, needs, size_text
    from mechgrade.hub.registry import profile_of

    course = the_course()

    def tell(file: File, whole: bool) -> None:
        if not whole:
            typer.echo(f"  {file.name}  {size_text(file.size)}")

    try:
        profile = profile_of(course, name)
        wanted = needs(profile)
        if not wanted:
            typer.echo(f"{profile.name} is part of the course: there is nothing to download")
            raise typer.Exit(DONE)
        for need in wanted:
            typer.echo(f"{need.what}, from {need.repository}")
            total, fetched = fetch(need, again=again, tell=tell)
            typer.echo(f"  {size_text(total)} here and whole, {size_text(fetched)} of it new")
    except CourseError as error:
        stop(error)
    except HubError as error:
        stop(error, FAULT)


def verify(
    name: Annotated[str, typer.Argument(help="A model of which published facts are kept, such as gpt2-small.")],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
) -> None:
    """Hold a real model against what papers say of it: heads, logit differences, an SAE's sparsity (for instructors).

    Exit code 1 when a fact does not hold.
    """
    # Read when huggingface_hub is imported, which the first look into the cache does.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from mechgrade.facts.verify import facts_of
    from mechgrade.hub.files import here, needs

    course = the_course()
    try:
        facts = facts_of(name)
        profile = course.model(name)
        wanted = needs(profile)
    except CourseError as error:
        stop(error)
    # Before torch is imported, which takes seconds: are the files here?
    for need in wanted:
        if here(need) is None:
            stop(f"{need.what} is not on this machine: run `mechgrade models pull {name}`", FAULT)
    held = 0
    for finding in _findings(facts, profile, name, device):
        fact = finding.fact
        held += finding.holds
        bound = f" ± {fact.tolerance:g}" if fact.tolerance else ""
        typer.echo(f"{'holds' if finding.holds else 'DOES NOT HOLD'}: {fact.name}: {fact.says}")
        typer.echo(f"    published: {finding.expected}{bound}    found: {finding.why or finding.found}")
        typer.echo(f"    source: {' '.join(fact.source.split())}")
    typer.echo(f"{held} of {len(facts)} published facts hold on {name}")
    raise typer.Exit(DONE if held == len(facts) else NOT_FULL)


def _findings(facts: list[Fact], profile: ModelProfile, name: str, device: str) -> Iterator[Finding]:
    from mechgrade.bench import Bench, ModelError, open_bench
    from mechgrade.facts.measure import MEASURES
    from mechgrade.facts.verify import verify as run

    benches: dict[str, Bench] = {}

    def measure(fact: Fact) -> Any:
        if fact.backend not in benches:
            benches[fact.backend] = open_bench(name, fact.backend, device)
        return MEASURES[fact.measure](benches[fact.backend], **fact.arguments)

    try:
        yield from run(facts, profile.hub_sae, measure)
    except CourseError as error:
        stop(error)
    except ModelError as error:
        stop(error, FAULT)
