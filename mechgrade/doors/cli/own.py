"""The course's own commands: course.yaml names them under ``commands``, and ``mechgrade NAME`` runs the module as a program."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

from mechgrade.doors.cli.common import stop
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course

PANEL = "Of this course"


class Commands(TyperGroup):
    """The engine's commands, and after them those of the course around the current directory."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, for ``--help``."""
        course = _course()
        return [*super().list_commands(ctx), *(course.commands if course else ())]

    def get_command(self, ctx: Any, name: str) -> Any:
        """The command of a name. A course cannot replace one of the engine's."""
        found = super().get_command(ctx, name)
        course = None if found else _course()
        return found or (_command(course, name) if course and name in course.commands else None)


def _course() -> Course | None:
    from mechgrade.course import find_course, load_course  # pydantic comes with it

    try:
        return load_course(find_course())
    except CourseError:  # the command that is run will say so, if it needs one
        return None


def _command(course: Course, name: str) -> TyperCommand:
    from mechgrade.course.modules import share

    module = course.commands[name]

    def run() -> None:
        try:
            share(course.module_paths())
        except CourseError as error:
            stop(error)
        # What follows the name is for the module, options and --help too.
        sys.argv = [f"mechgrade {name}", *sys.argv[sys.argv.index(name) + 1 :]]
        runpy.run_module(module, run_name="__main__")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    return TyperCommand(
        name,
        callback=run,
        help=_summary(course, module),
        context_settings=settings,
        rich_help_panel=PANEL,
        rich_markup_mode=None,
    )


def _summary(course: Course, module: str) -> str:
    """The first line of the docstring of the file that is run, which is not run for it."""
    first, *rest = module.split(".")
    folders = [course.root / path for path in course.modules if Path(path).stem == first]
    for file in [each for folder in folders for each in (folder.joinpath(*rest, "__main__.py"), _file(folder, rest))]:
        try:
            return (ast.get_docstring(ast.parse(file.read_bytes())) or "").partition("\n")[0]
        except (OSError, SyntaxError, ValueError):
            continue
    return f"Run {module}."


def _file(folder: Path, rest: list[str]) -> Path:
    return folder.joinpath(*rest).with_suffix(".py") if rest else folder
