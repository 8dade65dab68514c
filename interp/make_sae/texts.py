"""What a sparse autoencoder is trained on: the course's text, text that the model itself writes, or a file.

The course's text is there for models with the course's tokenizer. Any other model writes its own: tokens are drawn from its predictions,
which is what it takes text to be. Some texts are held out, and only the card's numbers are measured on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from interp.latents import token_rows
from interp.tokenizer import token_ids

if TYPE_CHECKING:
    from mechgrade.bench.transformer_lens.bench import Bench

#: Rows of tokens that are written at a time.
_BATCH = 64


@dataclass(frozen=True)
class Texts:
    """Texts as rows of tokens [row, position], each begun by the model's first token.

    Attributes:
        source: where they come from, for the card.
        train: what the autoencoder is trained on.
        held_out: what it is measured on.
    """

    source: str
    train: Tensor
    held_out: Tensor


class TextError(Exception):
    """There is no such text; the message says why and what to do."""


def texts_for(bench: Bench, wanted: str, tokens: int, length: int, seed: int, tell: Callable[[int], None]) -> Texts:
    """Texts for a model.

    Args:
        bench: with the model.
        wanted: `course`, `model` or a file's path; empty for the course's text where the model has the course's tokenizer, else the model's.
        tokens: how many to train on, about; a fifth as many, at most 32,768, are held out.
        length: tokens of a row.
        seed: of all that is drawn.
        tell: told how many tokens there are more.

    Raises:
        TextError: no such file, one that is too short, or the course's text for another tokenizer.
    """
    rows, kept = -(-tokens // length), max(-(-min(tokens // 5, 32_768) // length), 2)
    wanted = wanted or ("course" if has_course_tokenizer(bench) else "model")
    if wanted == "course":
        if not has_course_tokenizer(bench):
            raise TextError(
                "the course's text is for models with the course's tokenizer: take `--text model` or a file"
            )
        generator = np.random.default_rng(seed)
        train = token_rows(generator, rows, length)
        held_out = token_rows(generator, kept, length, held_out=True)
        tell(train.numel() + held_out.numel())
        return Texts("the course's text; what is held out has sentences that are not in it", train, held_out)
    if wanted == "model":
        written = _written(bench, rows + kept, length, seed, tell)
        source = "text that the model itself wrote, drawn from its predictions; what is held out was drawn apart"
        return Texts(source, written[:rows], written[rows:])
    train, held_out = _from_file(bench, Path(wanted), rows, kept, length)
    tell(train.numel() + held_out.numel())
    return Texts(f"{Path(wanted).name}; what is held out is its end", train, held_out)


def has_course_tokenizer(bench: Bench) -> bool:
    """Whether a model's tokens are those of the course's text."""
    known = token_ids()
    cut = bench.model.tokenizer(list(known), add_special_tokens=False)["input_ids"]
    return bool(cut == [[number] for number in known.values()])


def _written(bench: Bench, rows: int, length: int, seed: int, tell: Callable[[int], None]) -> Tensor:
    model, parts = bench.model, []  # loaded first: whoever loads one draws numbers
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for start in range(0, rows, _BATCH):
            first = torch.full((min(_BATCH, rows - start), 1), bench.bos, device=bench.device)
            parts.append(
                model.generate(
                    first,
                    max_new_tokens=length - 1,
                    do_sample=True,
                    temperature=1.0,
                    stop_at_eos=False,
                    return_type="tokens",
                    verbose=False,
                )
            )
            tell(parts[-1].numel())
    return torch.cat(parts)


def _from_file(bench: Bench, path: Path, rows: int, kept: int, length: int) -> tuple[Tensor, Tensor]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(
            f"--text {path}: no text could be read there ({error}); `course` and `model` are words, too"
        ) from error
    ids = bench.model.tokenizer(text, add_special_tokens=False)["input_ids"]
    there = len(ids) // (length - 1)
    if there < 4:
        raise TextError(f"--text {path}: {len(ids)} tokens are too few; it takes {4 * (length - 1)} at least")
    pieces = torch.tensor(ids[: there * (length - 1)]).view(there, length - 1).to(bench.device)
    cut = torch.cat([torch.full((there, 1), bench.bos, device=bench.device), pieces], dim=1)
    kept = min(kept, max(there // 5, 1))
    return cut[: min(rows, there - kept)], cut[-kept:]
