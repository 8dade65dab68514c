"""The system calls that learner code never needs: seccomp(2), libseccomp's seccomp_rule_add(3).

libseccomp turns names into this processor's numbers; Debian, Ubuntu, Fedora, Arch and Alpine package it, and systemd and apt need
it, so it is normally there. Its Python bindings on PyPI have had no release in years, and six functions are soon declared.
The filter is compiled once, before the fork; the learner's process only hands it to the kernel.
"""

from __future__ import annotations

import ctypes
import errno
import os
from functools import lru_cache

from . import libc

#: Denied with EPERM. Most also need a capability that the process has not: this is the second lock on the door, and it
#: keeps the rarely used parts of the kernel, where its bugs are, out of reach.
DENIED = {
    "other processes": "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp setpriority ioprio_set "
    "sched_setscheduler sched_setparam sched_setattr migrate_pages move_pages",
    "mounts": "mount umount umount2 pivot_root chroot mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick "
    "swapon swapoff quotactl quotactl_fd",
    "namespaces": "unshare setns",
    "identity": "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset",
    "kernel": "bpf perf_event_open userfaultfd kexec_load kexec_file_load init_module finit_module delete_module reboot "
    "io_uring_setup io_uring_enter io_uring_register acct syslog lookup_dcookie nfsservctl fanotify_init vhangup "
    "iopl ioperm modify_ldt",
    "keys": "keyctl add_key request_key",
    "clock and names": "settimeofday clock_settime clock_settime64 clock_adjtime clock_adjtime64 adjtimex stime sethostname "
    "setdomainname",
    "files by handle": "open_by_handle_at name_to_handle_at",
    # Pipes and the given socket are open already, and a socketpair needs none of these.
    "network": "socket socketcall connect bind listen accept accept4",
    # Memory that outlives its mapping, or counts nowhere.
    "shared memory": "shmget shmat shmctl msgget semget mq_open ipc memfd_secret",
}

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_NE, _MASKED_EQ = 1, 7
_UNKNOWN = -1

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4

_MAP_SHARED = 0x01
_MAP_TYPE = 0x0F
_MAP_ANONYMOUS = 0x20

_AF_UNIX = 1
_SOCKET_TYPE_MASK = 0xF
_SOCK_STREAM = 1


class _ArgCmp(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction))]


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_release.restype = None
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_ArgCmp),
    ]
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    return library


def is_available() -> bool:
    """Is libseccomp here, and does the kernel take filters? PR_GET_SECCOMP answers only if it was built with them."""
    try:
        _library()
        libc.prctl(21)
    except (OSError, AttributeError, TypeError):
        return False
    return True


def number(name: str) -> int:
    """The number of a system call on this processor; negative where it has none."""
    return int(_library().seccomp_syscall_resolve_name(name.encode()))


class _Filter:
    """A filter under construction. Returns of libseccomp are zero or a negative errno."""

    def __init__(self) -> None:
        self._context = _library().seccomp_init(_ALLOW)
        if not self._context:
            raise OSError(errno.ENOMEM, "seccomp_init")

    def deny(self, name: str, *conditions: tuple[int, int, int, int], code: int = errno.EPERM) -> None:
        """Deny one call, if all conditions (argument, operator, a, b) hold."""
        resolved = number(name)
        if resolved == _UNKNOWN:
            return  # newer than this libseccomp; or of other processors only
        arguments = (_ArgCmp * max(1, len(conditions)))(*(_ArgCmp(*condition) for condition in conditions))
        result = _library().seccomp_rule_add_array(self._context, _ERRNO | code, resolved, len(conditions), arguments)
        # A pseudo number (a call that this processor lacks) cannot carry conditions, and need not.
        if result < 0 and resolved >= 0:
            raise OSError(-result, f"seccomp rule for {name}")

    def export(self) -> bytes:
        """The program for the kernel, of this processor's own calls: those of others, 32-bit ones too, kill the process."""
        descriptor = os.memfd_create("filter")
        try:
            result = _library().seccomp_export_bpf(self._context, descriptor)
            if result < 0:
                raise OSError(-result, "seccomp_export_bpf")
            os.lseek(descriptor, 0, os.SEEK_SET)
            return os.read(descriptor, 1 << 20)
        finally:
            os.close(descriptor)
            _library().seccomp_release(self._context)


@lru_cache(maxsize=8)
def compiled(*, children: bool, shared_memory: bool) -> bytes:
    """The filter as the kernel reads it."""
    rules = _Filter()
    for names in DENIED.values():
        for name in names.split():
            rules.deny(name)
    if not shared_memory:
        rules.deny("memfd_create")
        # Anonymous shared memory, which no limit on private memory counts: the process shares it with nobody.
        rules.deny("mmap", (3, _MASKED_EQ, _MAP_TYPE | _MAP_ANONYMOUS, _MAP_SHARED | _MAP_ANONYMOUS), code=errno.ENOMEM)
    # Local pairs of streams only: a datagram socket reaches others by name without connect(2).
    rules.deny("socketpair", (0, _NE, _AF_UNIX, 0))
    for kind in set(range(_SOCKET_TYPE_MASK + 1)) - {_SOCK_STREAM}:
        rules.deny("socketpair", (1, _MASKED_EQ, _SOCKET_TYPE_MASK, kind))
    # Namespaces by another name. clone3 hides its flags behind a pointer, which no filter can follow; without it glibc
    # takes clone, as it does on kernels that have none.
    rules.deny("clone3", code=errno.ENOSYS)
    for flag in (
        libc.CLONE_NEWNS,
        libc.CLONE_NEWCGROUP,
        libc.CLONE_NEWUTS,
        libc.CLONE_NEWIPC,
        libc.CLONE_NEWUSER,
        libc.CLONE_NEWPID,
        libc.CLONE_NEWNET,
    ):
        rules.deny("clone", (0, _MASKED_EQ, flag, flag))
    if not children:
        rules.deny("fork")
        rules.deny("vfork")
        rules.deny("clone", (0, _MASKED_EQ, libc.CLONE_THREAD, 0))
    # The limits of others; its own it may lower.
    rules.deny("prlimit64", (0, _NE, 0, 0))
    # The kernel reads an int there: a filter that compared all 64 bits would be passed by with a bit set above them.
    for option in (_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE):
        rules.deny("prctl", (0, _MASKED_EQ, 0xFFFFFFFF, option))
    return rules.export()


def install(program: bytes) -> None:
    """Hand the filter to the kernel, for this thread and all that it starts. no_new_privs must be set."""
    length = len(program) // ctypes.sizeof(_Instruction)
    instructions = (_Instruction * length).from_buffer_copy(program)
    pointer = ctypes.cast(instructions, ctypes.POINTER(_Instruction))
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(_Program(length, pointer)))
