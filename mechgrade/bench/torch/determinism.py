"""Every setting that keeps a run the same from one time to the next, in one place.

What remains is the hardware's: a GPU adds up in another order than a CPU. The noise floor of a recording stands for that.
"""

from __future__ import annotations

import os

import torch


def settle(device: str) -> None:
    """Make torch give the same numbers for the same work on one machine, and full float32 on every device.

    Idempotent, and it starts neither a thread nor CUDA. Seeds are set for each learner's process (``worker.learner``), and each
    seeded input has a generator of its own (``core``).

    Args:
        device: a torch device; a CPU needs no more than what is set for all.
    """
    # TF32 keeps 10 bits of the mantissa: a thousand times the noise floor of float32.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    if torch.device(device).type == "cuda":
        # cuBLAS reads it when CUDA starts, so it must be there before.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        # Learners may call an operation that has no deterministic form: it must run all the same.
        torch.use_deterministic_algorithms(True, warn_only=True)
        # Nobody reads what was never written, and filling it costs time.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a property of the module
