"""One thing that the doctor looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: ``good``; ``note``: worth knowing; ``warning``: will cost time or memory; ``problem``: the lab will not work.
Status = Literal["good", "note", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and for anything but ``good`` what to do.

    Attributes:
        name: what was looked at.
        status: how it is.
        text: what was found.
        fix: what to do.
        mistake: the name of the common setup mistake that this is, if it is one.
    """

    name: str
    status: Status
    text: str
    fix: str = ""
    mistake: str = ""


#: The common setup mistakes of the course's preparation guide, and what each leads to.
MISTAKES: dict[str, str] = {
    "cpu_instead_of_gpu": "ten times slower, and large models run out of memory",
    "memory_not_cleared": "out of memory in the middle of an experiment",
    "wrong_transformer_lens": "errors at import, or other numbers than the course's",
    "full_cache_on_a_large_model": "out of memory",
    "no_seed": "other results at every run",
}
