"""Measurements of the course model's behaviour and heads, through TransformerLens and on held-out prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .prompts import IOIPrompt, ioi_prompts, repeated_ids

Head = tuple[int, int]


def last_logits(model: Any, texts: Sequence[str]) -> Tensor:
    """Logits [text, token] after the last token of each text."""
    ids, ends = padded_ids(model, texts)
    with torch.no_grad():
        logits: Tensor = model(ids)
    return logits[torch.arange(len(texts)), ends]


def padded_ids(model: Any, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Token ids with the text end in front and as padding behind, and the index of each last token.

    Attention is causal, so padding on the right changes nothing before it.
    """
    rows = [model.to_tokens(text)[0] for text in texts]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=model.tokenizer.eos_token_id)
    return ids, torch.tensor([len(row) - 1 for row in rows])


def next_token(model: Any, text: str) -> str:
    """The most likely next token, over the whole vocabulary."""
    return str(model.to_string(last_logits(model, [text]).argmax(-1)))


def accuracy(model: Any, texts: Sequence[str], answers: Sequence[str]) -> float:
    """Share of texts whose most likely next token, over the whole vocabulary, is the answer."""
    wanted = torch.tensor([model.to_single_token(answer) for answer in answers])
    return (last_logits(model, texts).argmax(-1) == wanted).float().mean().item()


def answer_ids(model: Any, prompts: Sequence[IOIPrompt]) -> tuple[Tensor, Tensor]:
    """Ids of the right and of the wrong name."""
    right = torch.tensor([model.to_single_token(p.answer) for p in prompts])
    return right, torch.tensor([model.to_single_token(p.wrong) for p in prompts])


def logit_difference(model: Any, prompts: Sequence[IOIPrompt], *, corrupted: bool = False) -> Tensor:
    """Logit of the indirect object minus logit of the subject, for each prompt."""
    logits = last_logits(model, [p.corrupted if corrupted else p.clean for p in prompts])
    right, wrong = answer_ids(model, prompts)
    return (logits.gather(1, right[:, None]) - logits.gather(1, wrong[:, None])).squeeze(1)


@dataclass(frozen=True)
class RepeatReport:
    """What happens on a text end, random tokens, and the same tokens again."""

    first_half_loss: float
    second_half_loss: float
    induction: Tensor
    two_places_on: Tensor
    previous: Tensor
    previous_late: Tensor


def repeats(model: Any, batch: int = 16, half: int = 60, seed: int = 7) -> RepeatReport:
    """Losses and the [layer, head] scores of induction and of the previous token.

    The first repeated token cannot be foreseen; it is left out of the second half. `two_places_on` is a wrong kind of
    induction (it looks one place too far) that also solves repeats, so the loss alone would not tell.
    """
    ids = torch.from_numpy(
        repeated_ids(batch, half, seed, vocabulary_size=model.cfg.d_vocab, bos=model.tokenizer.eos_token_id)
    )
    with torch.no_grad():
        logits, cache = model.run_with_cache(ids, names_filter=lambda name: name.endswith("hook_pattern"))
    losses = -logits[:, :-1].log_softmax(-1).gather(2, ids[:, 1:, None]).squeeze(2)

    def diagonal(offset: int, start: int = 0) -> Tensor:
        patterns = [cache[f"blocks.{layer}.attn.hook_pattern"] for layer in range(model.cfg.n_layers)]
        return torch.stack([p.diagonal(-offset, -2, -1)[..., start:].mean((0, 2)) for p in patterns])

    return RepeatReport(
        first_half_loss=losses[:, :half].mean().item(),
        second_half_loss=losses[:, half + 1 :].mean().item(),
        # A diagonal starts at key 0. The induction diagonal's own start is the key that follows the first token.
        induction=diagonal(half - 1, start=2),
        two_places_on=diagonal(half - 2, start=3),
        previous=diagonal(1),
        previous_late=diagonal(1, start=64),
    )


@dataclass(frozen=True)
class NameReport:
    """[layer, head] maps of the indirect-object circuit, averaged over held-out prompts."""

    to_io: Tensor
    to_s1: Tensor
    to_s2: Tensor
    attribution: Tensor
    recovery: Tensor
    ablated: Tensor
    clean: float
    corrupted: float


@torch.no_grad()
def names(model: Any, count: int = 64, seed: int = 11) -> NameReport:
    """Where END looks, what each head writes towards the answer, and what moving or removing it does.

    `recovery`: the share of the logit difference that comes back when the head's output (z) of the clean run is put
    into the run with the second subject swapped. `ablated`: the logit difference with the head's output replaced by
    its mean over the clean and corrupted prompts of the same template.
    """
    layers, heads = model.cfg.n_layers, model.cfg.n_heads
    prompts = ioi_prompts(count, seed, held_out="pair")
    clean, ends = padded_ids(model, [p.clean for p in prompts])
    corrupted, _ = padded_ids(model, [p.corrupted for p in prompts])
    right, wrong = answer_ids(model, prompts)
    rows = torch.arange(count)
    templates = torch.tensor([p.template for p in prompts])

    def difference(logits: Tensor) -> float:
        return float((logits[rows, ends, right] - logits[rows, ends, wrong]).mean())

    logits, cache = model.run_with_cache(clean)
    corrupted_logits, corrupted_cache = model.run_with_cache(corrupted)
    clean_mean, corrupted_mean = difference(logits), difference(corrupted_logits)
    # One more than the prompt's own positions: the text end stands in front.
    to_io, to_s1, to_s2 = (
        torch.tensor([getattr(p, name) + 1 for p in prompts]) for name in ("io_position", "s1_position", "s2_position")
    )
    maps = {
        key: torch.zeros(layers, heads) for key in ("to_io", "to_s1", "to_s2", "attribution", "recovery", "ablated")
    }
    direction = (model.W_U[:, right] - model.W_U[:, wrong]).T
    scale = cache["ln_final.hook_scale"][rows, ends]
    for layer in range(layers):
        pattern = cache[f"blocks.{layer}.attn.hook_pattern"]
        for key, position in (("to_io", to_io), ("to_s1", to_s1), ("to_s2", to_s2)):
            maps[key][layer] = pattern[rows, :, ends, position].mean(0)
        hook = f"blocks.{layer}.attn.hook_z"
        z, other = cache[hook], corrupted_cache[hook]
        written = torch.einsum("bhd,hdm->bhm", z[rows, ends], model.W_O[layer]) / scale[:, None]
        maps["attribution"][layer] = torch.einsum("bhm,bm->bh", written, direction).mean(0)
        mean = torch.stack([torch.cat([z[templates == t], other[templates == t]]).mean(0) for t in templates.tolist()])
        for head in range(heads):
            patched = difference(_with_head(model, corrupted, hook, head, z[:, :, head]))
            maps["recovery"][layer, head] = (patched - corrupted_mean) / (clean_mean - corrupted_mean)
            maps["ablated"][layer, head] = difference(_with_head(model, clean, hook, head, mean[:, :, head]))
    return NameReport(**maps, clean=clean_mean, corrupted=corrupted_mean)


def _with_head(model: Any, ids: Tensor, hook_name: str, head: int, value: Tensor) -> Tensor:
    def replace(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        z[:, :, head] = value
        return z

    with torch.no_grad():
        logits: Tensor = model.run_with_hooks(ids, fwd_hooks=[(hook_name, replace)])
    return logits


def best(scores: Tensor) -> Head:
    """The [layer, head] of the largest score."""
    layer, head = divmod(int(scores.argmax()), scores.shape[1])
    return layer, head


def copying(model: Any, head: Head, ids: Tensor) -> float:
    """Share of tokens that the head's OV circuit, read off at the unembedding, promotes above all others of `ids`.

    The first MLP takes part in the embedding of a tied GPT-2, so the token passes through it first.
    """
    layer, index = head
    with torch.no_grad():
        starts = torch.tensor([[model.tokenizer.eos_token_id]]).expand(len(ids), 1)
        _, cache = model.run_with_cache(
            torch.cat([starts, ids[:, None]], dim=1), names_filter=lambda name: name.endswith("hook_normalized")
        )
        source = cache[f"blocks.{layer}.ln1.hook_normalized"][:, 1]
        logits = source @ model.W_V[layer, index] @ model.W_O[layer, index] @ model.W_U[:, ids]
    return float((logits.argmax(-1) == torch.arange(len(ids))).float().mean())
