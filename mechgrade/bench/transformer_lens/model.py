"""A profile of course.yaml becomes a model that scenarios can use; where it does not, the reason becomes a sentence.

``processing`` takes the steps that decide the numbers.
"""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from pathlib import Path
from typing import Any

import torch

from mechgrade.bench.provider import BenchError
from mechgrade.bench.torch import determinism
from mechgrade.bench.transformer_lens.processing import bridge, hooked
from mechgrade.hub import faults


def load_model(name: str, *, local: bool, backend: str, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Any:
    """Load a model for the course.

    Args:
        name: a directory in Hugging Face GPT-2 format when ``local``, else a name that TransformerLens boots.
        local: whether ``name`` is a directory.
        backend: ``bridge`` for ``TransformerBridge`` in compatibility mode, ``hooked`` for ``HookedTransformer``.
        device: a torch device.
        dtype: the parameters' type.

    Returns:
        the model in eval mode, without gradients on its parameters.

    Raises:
        BenchError: nothing there, an unknown name, a corrupt file, no network.
    """
    determinism.settle(device)
    if local and not (Path(name) / "config.json").is_file():
        raise BenchError(f"no model in {name}: config.json is missing; restore the folder from the course")
    try:
        # The loaders greet on stdout and stderr; whoever loads a model here reads neither.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            model = bridge(name, device, dtype) if backend == "bridge" else hooked(name, local, device, dtype)
    except Exception as error:
        raise BenchError(faults.sentence(error, f"the model {name}", pull=None if local else name)) from error
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def load_sae(place: str, *, device: str, dtype: str) -> Any:
    """Load a sparse autoencoder in sae-lens's format.

    Args:
        place: a directory; or ``release/id`` of a pretrained one.
        device: a torch device.
        dtype: ``float32`` or ``float64``.

    Raises:
        BenchError: nothing there, or it cannot be read.
    """
    from sae_lens import SAE

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if Path(place).is_absolute():
                sae = SAE.load_from_disk(place, device=device)
            else:
                release, _, sae_id = place.partition("/")
                sae = SAE.from_pretrained(release, sae_id, device=device)
    except Exception as error:
        pull = None if Path(place).is_absolute() else place
        raise BenchError(faults.sentence(error, f"the SAE {place}", pull=pull)) from error
    sae = sae.to(getattr(torch, dtype)).eval()
    for parameter in sae.parameters():
        parameter.requires_grad_(False)
    return sae


def quiet_libraries() -> None:
    """Keep model libraries from the network and from the terminal. Call before they are imported."""
    # Loading never downloads: half a gigabyte that comes unasked looks like a program that hangs. `mechgrade models pull` does.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
