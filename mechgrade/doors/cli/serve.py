"""`mechgrade server`: what is kept warm for the next command, looked at and ended."""

from __future__ import annotations

from typing import Annotated

import typer

from mechgrade.doors.cli.common import the_course


def server(
    stop_it: Annotated[bool, typer.Option("--stop", help="End it and its worker.")] = False,
) -> None:
    """Say whether a worker is kept warm for this checkout; end it with --stop."""
    from mechgrade.doors.host.leave import ask_host
    from mechgrade.grading.warm.worker import ask

    course = the_course()
    found = ask(course.root, {"ask": "status"})
    host = ask_host("status")
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
    if host is None:
        return
    if stop_it:
        ask_host("stop")
        typer.echo(f"ended the process that commands start from (process {host['process']})")
    else:
        typer.echo(
            f"commands start from process {host['process']}, whose imports are done: {host['commands']} in "
            f"{host['seconds'] / 60:.0f} min; it ends {host['idle'] / 60:.0f} min after the last one, or by the same command"
        )
