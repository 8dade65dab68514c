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
from mechgrade.bench.transformer_lens import saes
from mechgrade.bench.transformer_lens.facts import folder_of
from mechgrade.bench.transformer_lens.processing import bridge, hooked
from mechgrade.bench.transformer_lens.tokens import cut_as_written
from mechgrade.hub import faults
from mechgrade.protocol.job import HUB


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
            folder = folder_of(name if local else HUB + name)
            if folder is not None and model.tokenizer is not None:
                cut_as_written(model.tokenizer, folder)
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
    _decode_plainly(sae)
    return sae


def _decode_plainly(sae: Any) -> None:
    """Give an autoencoder that divides each latent by its direction's length directions of length one: what it computes stays the same.

    Then it decodes as ``f @ W_dec + b_dec``, like all others. sae-lens saves finished ones in this form already.
    """
    if getattr(sae.cfg, "rescale_acts_by_decoder_norm", False) and (sae.get_W_dec_norm() - 1).abs().max() > 1e-4:
        sae.fold_W_dec_norm()


def fits_model(sae: Any, model: Any, place: str) -> None:
    """See that a loaded autoencoder belongs to a model, and give its hook point the name that both back ends know.

    Args:
        sae: what :func:`load_sae` loaded; its ``cfg.metadata.hook_name`` may be changed.
        model: what :func:`load_model` loaded.
        place: where the autoencoder lies, for people.

    Raises:
        BenchError: it is of a kind that the course cannot use, or it belongs at a hook point that the model lacks.
    """
    name = place.removeprefix(HUB) if place.startswith(HUB) else Path(place).name
    about = saes.sae_of(sae.cfg.to_dict(), f"the SAE {name}")
    sizes = saes.Sizes(int(model.cfg.n_layers), int(model.cfg.d_model), int(getattr(model.cfg, "d_mlp", None) or 0))
    why = saes.misfit(about, sizes)
    if why:
        raise BenchError(why.replace("it needs", "the bench needs", 1))
    # The name that both back ends know: what scenarios return must not depend on the back end.
    names = [name for name in (saes.older_name(about.hook), about.hook) if name in model.hook_dict]
    if not names:
        raise BenchError(
            f"{about.name} belongs at {about.hook!r}, and this model has no such hook point: take one that was trained on this model"
        )
    sae.cfg.metadata.hook_name = names[0]


def quiet_libraries() -> None:
    """Keep model libraries from the network and from the terminal. Call before they are imported."""
    # Loading never downloads: half a gigabyte that comes unasked looks like a program that hangs. `mechgrade models pull` does.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
