"""The one command, ``mechgrade``. Each subcommand imports what it needs, so that ``--help`` and ``hint`` answer at once.

A file a group of commands; they are put together here and nowhere else.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from typing import Any

import typer

from mechgrade.doors.cli import (
    audit,
    author,
    export,
    grade,
    hand_in,
    learn,
    machine,
    marks,
    models,
    new,
    notebooks,
    page,
    serve,
    update,
    watch,
)
from mechgrade.doors.cli.own import Commands

app = typer.Typer(
    cls=Commands,
    help="Courses that grade themselves: exercises as code, judged by what the code computes.\n\nStart with `mechgrade grade`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LEARNERS, INSTRUCTORS = "For learners", "For instructors"

app.command(rich_help_panel=LEARNERS)(grade.grade)
app.command(rich_help_panel=LEARNERS)(page.learn)
app.command(rich_help_panel=LEARNERS)(watch.watch)
app.command("map", rich_help_panel=LEARNERS)(learn.course_map)
app.command(rich_help_panel=LEARNERS)(learn.read)
app.command(rich_help_panel=LEARNERS)(learn.hint)
app.command("try", rich_help_panel=LEARNERS)(learn.try_exercise)
app.command(rich_help_panel=LEARNERS)(learn.debug)
app.command(rich_help_panel=LEARNERS)(learn.solution)
app.command("progress", rich_help_panel=LEARNERS)(learn.progress_command)
app.command(rich_help_panel=LEARNERS)(update.update)
app.add_typer(models.app, name="models", rich_help_panel=LEARNERS)
app.command(rich_help_panel=LEARNERS)(machine.doctor)
app.command("setup-lab", rich_help_panel=LEARNERS)(machine.setup_lab)
app.command(rich_help_panel=LEARNERS)(serve.server)
app.command("submit-check", rich_help_panel=LEARNERS)(hand_in.submit_check)
app.command("regrade-request", rich_help_panel=LEARNERS)(hand_in.regrade_request)
app.add_typer(notebooks.notebook, name="notebook", rich_help_panel=LEARNERS)
app.command(rich_help_panel=INSTRUCTORS)(new.init)
app.command("new-lab", rich_help_panel=INSTRUCTORS)(new.new_lab)
app.command(rich_help_panel=INSTRUCTORS)(new.new)
app.command(rich_help_panel=INSTRUCTORS)(author.build)
app.command(rich_help_panel=INSTRUCTORS)(author.record)
app.command(rich_help_panel=INSTRUCTORS)(audit.audit)
app.command(rich_help_panel=INSTRUCTORS)(audit.promises)
app.add_typer(marks.app, name="cohort", rich_help_panel=INSTRUCTORS)
app.add_typer(notebooks.gradebook, name="gradebook", rich_help_panel=INSTRUCTORS)
app.add_typer(export.app, name="export", rich_help_panel=INSTRUCTORS)
app.command("gradescope-run", hidden=True)(export.gradescope_run)
app.command(rich_help_panel=LEARNERS)(notebooks.join)
app.command(rich_help_panel=INSTRUCTORS)(notebooks.exchange)
app.command(rich_help_panel=INSTRUCTORS)(notebooks.release)
app.command(rich_help_panel=INSTRUCTORS)(notebooks.dist)


@functools.cache
def command() -> Callable[[], None]:
    """All commands, put together."""
    found = typer.main.get_command(app)
    _keep_brackets(found)
    return found


def _keep_brackets(command: Any) -> None:
    """Let help show what stands in brackets, such as ``mechgrade[similarity]``: rich takes it for a style, and leaves it out."""
    for each in (command, *command.params):
        if getattr(each, "help", None):
            each.help = re.sub(r"\[(?=[a-z])", r"\\[", each.help)
    for each in getattr(command, "commands", {}).values():
        _keep_brackets(each)


def main() -> None:
    """The entry point."""
    try:
        command()()
    except KeyboardInterrupt:
        sys.exit(130)
