"""Calls where whoever calls has switched gradients off: for scenarios of functions that have to switch them on again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

#: What is said in place of a result where PyTorch computed no gradients. Which of its functions said so does not matter.
STOPPED = "stops with an error, as no gradients are computed"


def with_gradients_off(call: Callable[[], Any]) -> Any:
    """What a call gives where gradients are switched off, or :data:`STOPPED` where it needs them on. Other errors come through."""
    with torch.no_grad():
        try:
            return call()
        except RuntimeError as error:
            if "does not require grad" not in str(error):
                raise
            return STOPPED
