"""`mechgrade server`: the worker that is kept warm, looked at and ended."""

from __future__ import annotations

from typing import Annotated

import typer

from mechgrade.doors.cli.common import the_course


def server(
    stop_it: Annotated[bool, typer.Option("--stop", help="End it and its worker.")] = False,
) -> None:
    """Say whether a worker is kept warm for this checkout; end it with --stop."""
    from mechgrade.grading.warm.worker import ask

    course = the_course()
    found = ask(course.root, {"ask": "status"})
    if found is None:
        typer.echo("no worker is kept warm for this checkout; `mechgrade grade` leaves one")
    elif stop_it:
        ask(course.root, {"ask": "stop"})
        typer.echo(f"ended the worker (process {found['worker']})")
    else:
        uses = f"{found['clients']} in use" if found["clients"] else "nobody uses it"
        typer.echo(
            f"a worker (process {found['worker']}) has been warm for {found['seconds'] / 60:.0f} min, {uses}; "
            f"it ends {found['idle'] / 60:.0f} min after its last use, or by `mechgrade server --stop`"
        )
