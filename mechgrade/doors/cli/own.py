"""The course's own commands: course.yaml names them under ``commands``, and ``mechgrade NAME`` runs the module as a program."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from mechgrade.course.syntax import tree_of
from mechgrade.doors.cli.common import FAULT, NOT_FULL, stop
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course

PANEL = "Of this course"


class Commands(TyperGroup):
    """The engine's commands, and after them those of the course around the current directory."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command. Any of them may read the sources and what was recorded: their mistakes are told in sentences whichever does."""
        try:
            return super().invoke(ctx)
        except typer.Exit:  # the usual end, which need not wait for the next import
            raise
        except Exception as error:
            from mechgrade.course.source import BuildError
            from mechgrade.grading.errors import GraderError, InfrastructureError

            if isinstance(error, BuildError):
                stop(error, NOT_FULL)
            if isinstance(error, GraderError | InfrastructureError):
                stop(error, FAULT)
            raise

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, for ``--help``."""
        course, known = _course(ctx), super().list_commands(ctx)
        return [*known, *(name for name in (course.commands if course else ()) if name not in known)]

    def get_command(self, ctx: Any, name: str) -> Any:
        """The command of a name. A course cannot replace one of the engine's."""
        found = super().get_command(ctx, name)
        course = None if found else _course(ctx)
        return found or (_command(course, name) if course and name in course.commands else None)


def _course(ctx: Any) -> Course | None:
    """The course around the current directory, read once for a call of the program: the help asks for each command."""
    if __name__ not in ctx.meta:
        from mechgrade.course import find_course, load_course  # pydantic comes with it

        try:
            ctx.meta[__name__] = load_course(find_course())
        except CourseError:  # the command that is run will say so, if it needs one
            ctx.meta[__name__] = None
    found: Course | None = ctx.meta[__name__]
    return found


def _command(course: Course, name: str) -> TyperCommand:
    module = course.commands[name]
    file = _file_of(course, module)

    def run() -> None:
        from mechgrade.course.modules import share

        try:
            share(course.module_paths())
        except CourseError as error:
            stop(error)
        if file is None:
            stop(
                f"course.yaml: commands.{name}: there is no module {module}; its package has to stand under modules too"
            )
        # What follows the name is for the module, options and --help too.
        sys.argv = [f"mechgrade {name}", *sys.argv[sys.argv.index(name) + 1 :]]
        runpy.run_module(module, run_name="__main__")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    return TyperCommand(
        name,
        callback=run,
        help=_summary(file) if file is not None else f"Run {module}, which is missing.",
        context_settings=settings,
        rich_help_panel=PANEL,
        rich_markup_mode=None,
    )


def _file_of(course: Course, module: str) -> Path | None:
    """The file that is run for a module: its own, or its package's ``__main__``."""
    first, *rest = module.split(".")
    for path in (course.root / each for each in course.modules if Path(each).stem == first):
        inside = path.joinpath(*rest)
        for file in (inside / "__main__.py", inside.with_suffix(".py")):
            if file.is_file():
                return file
    return None


def _summary(file: Path) -> str:
    """The first line of a file's docstring. The file is not run for it."""
    try:
        return (ast.get_docstring(tree_of(file.read_bytes())) or "").partition("\n")[0]
    except (OSError, SyntaxError, ValueError):
        return ""
