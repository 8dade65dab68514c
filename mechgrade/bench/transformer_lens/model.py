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
from mechgrade.bench.transformer_lens.facts import folder_of, why_not
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
        raise BenchError(f"no model in {name}: config.json is missing; put the folder's files back")
    refused = why_not(name if local else HUB + name)
    if refused:
        raise BenchError(refused)
    try:
        # The loaders greet on stdout and stderr; whoever loads a model here reads neither.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            model = bridge(name, device, dtype) if backend == "bridge" else hooked(name, local, device, dtype)
            folder = folder_of(name if local else HUB + name)
            if folder is not None and model.tokenizer is not None:
                cut_as_written(model.tokenizer, folder)
    except NotImplementedError as error:
        if backend == "bridge":
            raise BenchError(faults.sentence(error, f"the model {name}", pull=None if local else name)) from error
        raise BenchError(
            f"the model {name} could not be loaded: HookedTransformer does not know its family; take --backend bridge"
        ) from error
    except Exception as error:
        raise BenchError(faults.sentence(error, f"the model {name}", pull=None if local else name)) from error
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    _see_weights(model, name, folder)
    _see_tokens(model, name)
    return model


def _see_weights(model: Any, name: str, folder: Path | None) -> None:
    """See that no weight is NaN or infinite: else every result is, and the reason shows nowhere."""
    bad = next((each for each, weights in model.named_parameters() if not _is_finite(weights)), "")
    if bad:
        raise BenchError(
            f"the model {name} cannot be used: its weights are not finite (NaN or infinite): {_in_file(folder) or bad}"
        )


def _is_finite(weights: torch.Tensor) -> bool:
    # A sum is finite only where all that it is made of is; it needs no second tensor as large as the weights. A sum of finite
    # numbers that overflows is looked at once more.
    return bool(weights.sum().isfinite()) or bool(weights.isfinite().all())


def _in_file(folder: Path | None) -> str:
    """The first weight of a folder that is not finite, by its name in the file: people know it by that; empty for none."""
    from safetensors import safe_open

    for path in sorted(folder.glob("*.safetensors")) if folder is not None else ():
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  # it is no dictionary
                if not _is_finite(file.get_tensor(name)):
                    return f"{name} in {path.name}"
    return ""


def _see_tokens(model: Any, name: str) -> None:
    """See that the model has an embedding for each word of its tokenizer. Tokens that were added for later may lie beyond."""
    tokenizer, size = model.tokenizer, int(model.cfg.d_vocab)
    written = getattr(tokenizer, "backend_tokenizer", None)
    if written is None:
        return
    words = written.get_vocab(with_added_tokens=False)
    highest = max([*words.values(), tokenizer.bos_token_id or 0])
    if highest >= size:
        raise BenchError(
            f"the model {name} cannot be used: its tokenizer has {highest + 1} tokens, and its config.json says vocab_size {size}; "
            "the tokenizer is another model's, or the number is wrong"
        )


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
    from sae_lens.registry import SAE_CLASS_REGISTRY

    if Path(place).is_absolute():
        wrong = saes.broken(Path(place), SAE_CLASS_REGISTRY)
        if wrong:
            raise BenchError(f"the SAE {Path(place).name} cannot be used: {wrong}")
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
    bad = next((each for each, weights in sae.named_parameters() if not _is_finite(weights)), "")
    if bad:
        raise BenchError(f"the SAE {place} cannot be used: its weights are not finite (NaN or infinite): {bad}")
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
