"""``mechgrade``: the command, run by the command host where that gives the same, and here where not."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing takes longer to import than all that is needed here
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Commands that are short, ask nothing, and hold no secret of a final grading.
LENT = {"grade", "hint", "read", "map", "progress", "--help", "-h"}

#: Options with which even those are run here: for a debugger, for a secret, for what was asked to go without a server.
HERE = {"--pdb", "--isolation", "--require-isolation", "--hidden", "--no-server"}

#: What turns MECHGRADE_SERVER on, as the option reads it.
_ON = {"1", "true", "t", "yes", "y", "on"}


def main() -> None:
    """The entry point."""
    if may_be_lent(sys.argv[1:], os.environ):
        from mechgrade.doors.host.client import lent

        try:
            lent()
        except KeyboardInterrupt:  # nothing has run yet
            sys.exit(130)
    from mechgrade.doors.cli import main as command

    command()


def may_be_lent(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether a command is one for the host. A command that is not could still be run there; only, nobody has thought it through."""
    return (
        sys.platform == "linux"
        and (not arguments or arguments[0] in LENT)
        and not any(each.partition("=")[0] in HERE for each in arguments)
        and environment.get("MECHGRADE_SERVER", "1").lower() in _ON
        and "MECHGRADE_SECRET" not in environment
        and None not in (sys.stdin, sys.stdout, sys.stderr)
        and not _is_observed()
    )


def _is_observed() -> bool:
    """Whether a debugger, a profiler or a measurement of coverage looks at this process, or it stays for a user to type into."""
    if sys.gettrace() or sys.getprofile() or sys.flags.inspect or sys.flags.interactive:
        return True
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and any(monitoring.get_tool(number) for number in range(6))
