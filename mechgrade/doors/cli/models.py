"""`mechgrade models`: which models there are on this machine, and fetching the others ahead."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from mechgrade.doors.cli.common import DONE, FAULT, stop, the_course
from mechgrade.errors import CourseError

app = typer.Typer(help="List the course's models, and download them ahead.", no_args_is_help=True)


@app.command("list")
def list_models(
    everything: Annotated[
        bool, typer.Option("--all", help="Name also every other model that can be downloaded by its name.")
    ] = False,
) -> None:
    """Say which models course.yaml has, and which of them are on this machine. Uses no network."""
    from rich.console import Console
    from rich.table import Table

    from mechgrade.hub import registry
    from mechgrade.hub.files import here, needs, size_text

    course = the_course()
    if not course.models:
        typer.echo("this course has no models")
        return
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
    name: Annotated[str, typer.Argument(help="A model of course.yaml, or any other that --all lists.")],
    again: Annotated[bool, typer.Option("--again", help="Fetch also what is here, as after a corrupt file.")] = False,
) -> None:
    """Download a model and its parts, going on where an earlier try stopped, and check every file.

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
