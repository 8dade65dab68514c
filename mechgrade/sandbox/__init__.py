"""A process for learner code, closed in by the kernel.

A warm parent calls `settle`, early, and `prepare`, so that its forks find done what is the same for each. For each run it calls `fork`; the
fork calls `seal` and runs the learner's code; the parent waits for it and calls `clean_up`. `Policy` says what is promised; `probe` says what
this machine can keep of it.
"""

from .errors import SandboxError, durations
from .learner import cannot_leave_root, seal
from .parent import Child, clean_up, fork, prepare, settle
from .policy import Level, Policy, interpreter_paths
from .probe import Capabilities, probe

__all__ = [
    "Capabilities",
    "Child",
    "Level",
    "Policy",
    "SandboxError",
    "cannot_leave_root",
    "clean_up",
    "durations",
    "fork",
    "interpreter_paths",
    "prepare",
    "probe",
    "seal",
    "settle",
]
