"""A root directory that holds what the policy lists and nothing else: mount_namespaces(7), pivot_root(2).

The learner's process builds it for itself, and its own /proc over it, which shows the pid namespace of whoever mounts it.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import libc
from .namespaces import INSIDE
from .policy import Policy
from .seccomp import number

#: Harmless devices: no terminal, no disk, nothing that keeps what is written to it.
#: Not /dev/zero: a shared mapping of it is memory that no limit counts.
DEVICES = ("null", "full", "random", "urandom")

_SHM_MB = 64

# While the new root is being built, it and the machine's hang below a staging root.
_NEW = Path("/new")
_MACHINE = Path("/machine")

_FILES = {
    "/etc/passwd": f"learner:x:{INSIDE}:{INSIDE}:learner:/tmp:/usr/sbin/nologin\n",
    "/etc/group": f"learner:x:{INSIDE}:\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
}


@dataclass(frozen=True)
class Plan:
    """Which real paths to show, and which symbolic links lead to them."""

    shown: tuple[Path, ...]
    links: tuple[tuple[Path, str], ...]


@lru_cache(maxsize=8)
def plan(paths: tuple[Path, ...]) -> Plan:
    """Resolve ``paths`` on this machine. It is only right outside the sandbox, so make it before."""
    links: dict[Path, str] = {}
    real = {_resolve(path, links) for path in paths if _is_reachable(path)}
    shown = sorted(path for path in real if not any(parent in real for parent in path.parents))
    if Path("/") in real:
        raise ValueError("readable cannot lead to '/'")
    hidden = {link: target for link, target in links.items() if not any(parent in real for parent in link.parents)}
    return Plan(tuple(shown), tuple(sorted(hidden.items())))


def closed_to_others(paths: tuple[Path, ...]) -> Path | None:
    """The first of some paths, or folders above one, that a user of no account could not read or pass."""
    for path in paths:
        for each in (path, *path.parents):
            need = (0o005 if each.is_dir() else 0o004) if each == path else 0o001
            if each.stat().st_mode & need != need:
                return each
    return None


def _is_reachable(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # what this user cannot reach, it cannot show either
        return False


def _resolve(path: Path, links: dict[Path, str]) -> Path:
    """The real path, noting each symbolic link on the way. The path exists, so the links end."""
    here = Path("/")
    ahead = list(path.parts[1:])
    while ahead:
        part = ahead.pop(0)
        if part == "..":
            here = here.parent
            continue
        candidate = here / part
        if not candidate.is_symlink():
            here = candidate
            continue
        target = links[candidate] = os.readlink(candidate)  # noqa: PTH115  # the text as it stands, not normalised
        if target.startswith("/"):
            here = Path("/")
        ahead[:0] = [piece for piece in target.split("/") if piece not in ("", ".")]
    return here


def build(policy: Policy) -> None:
    """Make the new root, move into it and let go of the machine's."""
    wanted = plan(policy.readable)
    devices = plan(policy.devices)
    nodes = dict.fromkeys([*(Path("/dev", name) for name in DEVICES), *devices.shown])
    # Nothing mounted here may reach the machine.
    libc.mount("none", "/", flags=libc.MS_REC | libc.MS_PRIVATE)
    # A staging root, so that neither the machine's tree hides the new one nor the other way round.
    libc.mount("tmpfs", "/tmp", "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, "size=64k,mode=755")
    for name in ("machine", "new"):
        Path("/tmp", name).mkdir()
    _pivot("/tmp", "/tmp/machine")
    libc.mount("tmpfs", str(_NEW), "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, "size=1m,mode=755")
    _add_scratch("/tmp", f"size={policy.tmp_mb}m,nr_inodes=65536,mode=1777")
    for link, target in (*wanted.links, *devices.links):
        _at(link).parent.mkdir(parents=True, exist_ok=True)
        _at(link).symlink_to(target)
    for path in wanted.shown:
        _show(path)
    for name, text in _FILES.items():
        if not _at(name).exists():  # or the policy shows the machine's own
            _at(name).parent.mkdir(parents=True, exist_ok=True)
            _at(name).write_text(text)
    _at("/proc").mkdir()
    _add_scratch("/dev/shm", f"size={min(_SHM_MB, policy.tmp_mb)}m,nr_inodes=4096,mode=1777")
    for node in nodes:
        _at(node).parent.mkdir(parents=True, exist_ok=True)
        _at(node).touch()
    _at("/dev/fd").symlink_to("/proc/self/fd")
    locked = libc.MOUNT_ATTR_RDONLY | libc.MOUNT_ATTR_NOSUID | libc.MOUNT_ATTR_NODEV
    libc.mount_setattr(str(_NEW), add=locked, recursive=True)
    for scratch in ("/tmp", "/dev/shm"):
        libc.mount_setattr(str(_at(scratch)), clear=libc.MOUNT_ATTR_RDONLY)
    # After that, because on a nodev mount a device node is dead.
    for node in nodes:
        libc.mount(f"{_MACHINE}{node}", str(_at(node)), flags=libc.MS_BIND)
    # The kernel lets a user namespace mount a procfs only where a complete one is visible (mount_too_revealing() in
    # fs/namespace.c), so the machine's stays until this process puts its own over it.
    libc.mount(f"{_MACHINE}/proc", str(_at("/proc")), flags=libc.MS_BIND | libc.MS_REC)
    os.chdir(_NEW)
    # The same directory twice stacks the old root on the new one, where it can be taken off: pivot_root(2), NOTES.
    _pivot(".", ".")
    libc.unmount(".")
    os.chdir("/tmp")


def mount_own_proc(*, private: bool) -> None:
    """Show this process its own pid namespace, over the machine's /proc.

    What lies below is out of reach for good: uncovering it takes a capability over these mounts, which the learner's process gives up.
    (To unmount it as well would cost as much as everything else here: each unmount waits for all processors.)
    Where the machine allows no procfs (``private`` is false: a container that masks parts of its own), there is none at all.
    """
    if private:
        libc.mount("proc", "/proc", "proc", libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC)
    else:
        libc.unmount("/proc")


def prepare(policy: Policy) -> None:
    """Resolve all that needs the machine's files, so that a fork finds it done."""
    plan(policy.readable)
    plan(policy.devices)


def _pivot(new: str, put_old: str) -> None:
    # glibc has no function for it, and libseccomp knows the numbers of this processor.
    libc.syscall(number("pivot_root"), ctypes.c_char_p(os.fsencode(new)), ctypes.c_char_p(os.fsencode(put_old)))
    os.chdir(new if new == "." else "/")


def _at(path: str | Path) -> Path:
    """Where a path of the new root is while it is being built."""
    return Path(f"{_NEW}{path}")


def _show(path: Path) -> None:
    source = Path(f"{_MACHINE}{path}")
    if source.is_dir():
        _at(path).mkdir(parents=True, exist_ok=True)
    else:
        _at(path).parent.mkdir(parents=True, exist_ok=True)
        _at(path).touch()
    # Recursive, because the kernel lets no user namespace uncover what is below a mount.
    libc.mount(str(source), str(_at(path)), flags=libc.MS_BIND | libc.MS_REC)


def _add_scratch(path: str, options: str) -> None:
    _at(path).mkdir(parents=True, exist_ok=True)
    libc.mount("tmpfs", str(_at(path)), "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, options)
