"""What a process has from where it was started, and a fork of another one would not have: equal in a host and in whom it works for.

Standard library's ``os`` and ``sys`` alone, as in the whole client.
"""

from __future__ import annotations

import os
import sys

#: Lines of /proc/self/status: who it is, what it may do, where it may run.
_STATUS = {
    *("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"),
    *("Seccomp_filters", "Cpus_allowed", "Mems_allowed"),
}

#: Variables that libraries in C read when they are loaded, or the interpreter when it starts; and the last three, Typer when it is
#: imported. What else Python code reads is found out.
_PREFIXES = ("PYTHON", "LC_", "LD_", "MALLOC_", "OMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "NPY_", "NUMPY_")
_NAMES = ("LANG", "LANGUAGE", "TZ", "TZDIR", "HOME", "GLIBC_TUNABLES", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS")


def status() -> dict[str, str]:
    """The lines of /proc/self/status by their names."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def circumstances(found: dict[str, str]) -> dict[str, object]:
    """All that must be equal, as plain data. Cgroups are not: each tab of a desktop's terminal may have its own.

    Args:
        found: what :func:`status` gave.
    """
    with open("/proc/self/limits", encoding="ascii", errors="replace") as limits:
        bounds = limits.read()
    top = os.stat("/")
    return {
        "may": {name: found.get(name) for name in sorted(_STATUS)},
        "limits": bounds,
        "namespaces": {name: os.readlink(f"/proc/self/ns/{name}") for name in sorted(os.listdir("/proc/self/ns"))},
        "top": [top.st_dev, top.st_ino],
        "priority": [os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)],
        "python": [sys.version, sys.prefix, list(sys.flags), sys.warnoptions, sorted(map(str, sys._xoptions.items()))],
        "text": [sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()],
        # The first is the script's folder, or the current one, unless Python was told otherwise.
        "path": sys.path[0 if sys.flags.safe_path else 1 :],
        "engine": os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
    }


def reaches_start(name: str) -> bool:
    """Whether a variable of the environment counts when a process starts. A host is started with these, and no others."""
    return name.startswith(_PREFIXES) or name in _NAMES
