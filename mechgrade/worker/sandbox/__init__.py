"""A process for learner code, closed in by the kernel.

The supervisor calls `enter_outer` and forks; the fork calls `seal` and runs the learner's code; the supervisor waits for it and calls
`clean_up`. Before all that, a warm parent calls `prepare`, so that its forks find done what is the same for each. `Policy` says what is
promised; `probe` says what this machine can keep of it.
"""

from .errors import SandboxError, durations
from .learner import seal
from .policy import Level, Policy, interpreter_paths
from .probe import Capabilities, probe
from .supervisor import clean_up, enter_outer, prepare

__all__ = [
    "Capabilities",
    "Level",
    "Policy",
    "SandboxError",
    "clean_up",
    "durations",
    "enter_outer",
    "interpreter_paths",
    "prepare",
    "probe",
    "seal",
]
