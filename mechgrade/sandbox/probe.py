"""What this machine offers, found by trying it: `mechgrade doctor` prints what comes out of here."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import filesystem, landlock, libc, namespaces, privileges, seccomp
from .errors import step
from .policy import Level, Policy
from .procfs import OwnProc


@dataclass(frozen=True)
class Capabilities:
    """What is there, and for what is not, a sentence that says how to get it."""

    #: Of user, mount, pid, net, ipc and uts, those that can be made.
    namespaces: frozenset[str]
    #: Can a private root directory be built?
    own_root: bool
    #: Can a private /proc be mounted? Without it there is none inside.
    private_proc: bool
    #: Landlock's ABI version; zero is none.
    landlock: int
    seccomp: bool
    pidfd: bool
    #: May the namespaces be made without a user namespace first?
    privileged: bool
    missing: list[str]

    @property
    def user_namespace(self) -> bool:
        return "user" in self.namespaces

    @property
    def level(self) -> Level:
        """The strongest level that can be promised here."""
        separate = set(namespaces.SEPARATE) <= self.namespaces and (self.privileged or self.user_namespace)
        whole = separate and self.own_root and self.landlock > 0 and self.seccomp and self.pidfd
        return "full" if whole else "process"


@lru_cache(maxsize=1)
def probe() -> Capabilities:
    """Try each part, in a child that ends right after. The answer is kept: a machine does not change under a run.

    It forks twice, so a worker calls it before it loads what makes a fork slow.
    """
    if sys.platform != "linux":
        why = [
            f"Linux is missing: {sys.platform} has no namespaces. Grade in a Linux container or machine for level full."
        ]
        return Capabilities(frozenset(), False, False, 0, False, False, False, why)
    tried = _in_child(_try_everything)
    privileged = privileges.is_privileged()
    offered = frozenset(name for name in ("user", *namespaces.SEPARATE) if tried.get(name) == 0)
    capabilities = Capabilities(
        namespaces=offered,
        own_root=tried.get("root") == 0,
        private_proc=tried.get("proc") == 0,
        landlock=landlock.version(),
        seccomp=seccomp.is_available(),
        pidfd=_has_pidfd(),
        privileged=privileged,
        missing=[],
    )
    capabilities.missing.extend(_sentences(capabilities, tried))
    return capabilities


def _has_pidfd() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (OSError, AttributeError):
        return False
    return True


def _attempt(action: Callable[[], object]) -> int:
    """The errno of what was tried; zero if it went well, -1 if it failed otherwise."""
    try:
        action()
    except OSError as error:
        return error.errno or -1
    except Exception:
        return -1
    return 0


def _in_child(action: Callable[[], dict[str, int]]) -> dict[str, int]:
    """What ``action`` found out in a forked child, which takes its changes with it."""
    reader, writer = os.pipe()
    with step("fork"):
        child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.write(writer, json.dumps(action()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(text)) if text else {}


def _try_everything() -> dict[str, int]:
    """What a parent does, and what its fork does, step by step. Each fork of a large process costs, so there is one."""
    found: dict[str, int] = {}
    privileged = privileges.is_privileged()
    if not privileged:
        found["user"] = _attempt(_user_namespace)
    for name, flag in namespaces.SEPARATE.items():
        found[name] = _attempt(lambda flag=flag: libc.unshare(flag))  # type: ignore[misc]  # mypy infers no default of a lambda
    if found["mount"] == 0:
        found["root"] = _attempt(lambda: filesystem.build(Policy(level="full", readable=(), tmp_mb=1)))
    if found.get("root") == 0 and found["pid"] == 0:
        found |= _in_child(lambda: _try_inside(privileged=privileged))
    return found


def _try_inside(*, privileged: bool) -> dict[str, int]:
    found = {"proc": _attempt(lambda: filesystem.mount_own_proc(private=True))}
    # Last, because there is no way back from another user. An ordinary user's is inside the one that it entered.
    found["user"] = _attempt(_user_namespace_of_another if privileged else _user_namespace)
    return found


def _user_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    libc.unshare(libc.CLONE_NEWUSER)
    with OwnProc() as own:
        namespaces.map_user(own, user, group)


def _user_namespace_of_another() -> None:
    privileges.change_user(namespaces.user_for(os.getpid()))
    privileges.set_dumpable(True)
    _user_namespace()


def _sentences(offered: Capabilities, tried: dict[str, int]) -> list[str]:
    sentences = []
    if "user" in tried and not offered.user_namespace:
        advice = _advice_on_user_namespaces()
        tail = " Level full works without it, since this process is privileged." if offered.privileged else ""
        sentences.append(f"A user namespace is missing ({_name(tried.get('user'))}): {advice}{tail}")
    absent = [name for name in namespaces.SEPARATE if name not in offered.namespaces]
    if absent:
        parts = ", ".join(f"{name} ({_name(tried.get(name))})" for name in absent)
        sentences.append(f"These namespaces are missing: {parts}. {_advice_on_user_namespaces()}")
    elif not offered.own_root:
        sentences.append(
            f"A private root directory is missing ({_name(tried.get('root'))}): it needs Linux 5.14 or newer, libseccomp, and mount(2), "
            "which container engines and AppArmor may deny. " + _advice_on_user_namespaces()
        )
    elif not offered.private_proc:
        sentences.append(
            f"A private /proc is missing ({_name(tried.get('proc'))}), so there is none inside, and level full works without it. A container "
            "that masks parts of its own /proc causes this: run it with `--security-opt systempaths=unconfined`."
        )
    if not offered.landlock:
        sentences.append(
            "Landlock is missing: it needs Linux 5.13 or newer with `landlock` in the kernel's list of security modules "
            "(boot with lsm=landlock,... ; see /sys/kernel/security/lsm)."
        )
    if not offered.seccomp:
        sentences.append(
            "libseccomp is missing: install the package libseccomp2 (Debian, Ubuntu) or libseccomp (Fedora, Arch, Alpine)."
        )
    if not offered.pidfd:
        sentences.append("pidfd is missing: it needs Linux 5.3 or newer.")
    return sentences


def _name(code: int | None) -> str:
    return "not tried" if code is None else errno.errorcode.get(code, "failed")


def _advice_on_user_namespaces() -> str:
    """The setting that is in the way, if it says so."""
    for name, refuses, advice in (
        ("kernel/unprivileged_userns_clone", "0", "`sysctl kernel.unprivileged_userns_clone=1` allows them."),
        ("user/max_user_namespaces", "0", "`sysctl user.max_user_namespaces=10000` allows them."),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "AppArmor restricts them: `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or a profile with `userns,` for this Python.",
        ),
    ):
        path = Path("/proc/sys", name)
        if path.exists() and path.read_text().strip() == refuses:
            return advice
    return "In a container, run it with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`, or as root with `--cap-add SYS_ADMIN`."
