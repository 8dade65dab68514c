"""Claims of Lab 1 and the quickstart: how does the course model know that Paris is the capital of France?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..prompts import capital_prompts, ioi_prompts
from . import claim
from .world import bench, head_name, model, names, reference, run

PROMPT = "The capital of France is"
#: Where " France" and the last token stand, BOS counted.
COUNTRY, END = 4, 5


@dataclass(frozen=True)
class Capitals:
    """The 48 prompts for capitals, run once."""

    ids: Tensor
    answers: Tensor
    cache: Any
    logits: Tensor

    def probability(self, logits: Tensor) -> float:
        """The mean probability of the right capital."""
        return float(logits[:, -1].softmax(-1).gather(1, self.answers[:, None]).mean())

    def without(self, layer: int, head: int, position: int | None = None) -> float:
        """That probability with a head's z at its mean over the countries, at all positions or at one."""

        def ablate(z: Tensor, hook: Any) -> Tensor:
            z = z.clone()
            places = slice(None) if position is None else position
            z[:, places, head] = z[:, places, head].mean(0)
            return z

        return self.probability(run(self.ids, (f"blocks.{layer}.attn.hook_z", ablate)))

    def asked_for_another(self, *hooks: tuple[str, Callable[..., Tensor]]) -> float:
        """The probability of the right capital in a run that names another country, with hooks."""
        return self.probability(run(self.ids.roll(1, 0), *hooks))


@cache
def capitals() -> Capitals:
    """The prompts of all countries, and a run on them."""
    prompts = capital_prompts()
    ids = torch.cat([model().to_tokens(prompt.text) for prompt in prompts])
    answers = torch.tensor([model().to_single_token(prompt.answer) for prompt in prompts])
    with torch.no_grad():
        logits, activations = model().run_with_cache(ids)
    return Capitals(ids, answers, activations, logits)


@cache
def france() -> tuple[Tensor, Any]:
    """Logits and cache of the course's first prompt."""
    with torch.no_grad():
        logits, activations = model().run_with_cache(model().to_tokens(PROMPT))
    return logits, activations


@claim("france.lookers")
def lookers() -> tuple[str, float, str, float]:
    """The heads whose last position attends to " France" by more than 0.3, and how much."""
    looks = {
        (layer, head): france()[1]["pattern", layer][0, head, END, COUNTRY].item()
        for layer in range(3)
        for head in range(3)
    }
    (first, most), (second, less) = sorted(((h, a) for h, a in looks.items() if a > 0.3), key=lambda each: -each[1])
    return head_name(*first), most, head_name(*second), less


@claim("capitals.ablated")
def capitals_ablated() -> tuple[float, ...]:
    """The mean probability of the right capital: the whole model, without L0H0, without L2H2."""
    all_of_it = capitals()
    return all_of_it.probability(all_of_it.logits), all_of_it.without(0, 0), all_of_it.without(2, 2)


@claim("capitals.others")
def other_heads() -> bool:
    """Without any one of the other eight heads the mean probability of the capital stays above 0.97."""
    return all(
        capitals().without(layer, head) > 0.97 for layer in range(3) for head in range(3) if (layer, head) != (0, 0)
    )


@claim("capitals.at-end")
def only_at_the_end() -> tuple[float, bool]:
    """L0H0 ablated at the last position alone, and ablated at any other position: no loss there."""
    elsewhere = [capitals().without(0, 0, position) for position in range(END)]
    return capitals().without(0, 0, END), min(elsewhere) > 0.98


@claim("capitals.alone")
def one_head_alone() -> float:
    """The mean probability of the capital when all heads but L0H0 are ablated."""

    def ablate(layer: int) -> Callable[..., Tensor]:
        def hook(z: Tensor, hook: Any) -> Tensor:
            mean = z.mean(0, keepdim=True).expand_as(z).clone()
            if layer == 0:
                mean[:, :, 0] = z[:, :, 0]
            return mean

        return hook

    ids = capitals().ids
    return capitals().probability(run(ids, *[(f"blocks.{layer}.attn.hook_z", ablate(layer)) for layer in range(3)]))


@claim("capitals.patched")
def capitals_patched() -> tuple[float, ...]:
    """The probability of a capital when the prompt names another country; with L0H0's z patched in; with L2H2's."""

    def patch(layer: int, head: int) -> tuple[str, Callable[..., Tensor]]:
        def hook(z: Tensor, hook: Any) -> Tensor:
            z = z.clone()
            z[:, :, head] = capitals().cache["z", layer][:, :, head]
            return z

        return f"blocks.{layer}.attn.hook_z", hook

    ask = capitals().asked_for_another
    return ask(), ask(patch(0, 0)), ask(patch(2, 2))


@claim("capitals.mlps")
def capital_mlps() -> tuple[float, ...]:
    """The mean probability of the capital with MLP 0, MLP 1 and MLP 2 at their means at the last position."""

    def without(layer: int) -> float:
        def ablate(value: Tensor, hook: Any) -> Tensor:
            value = value.clone()
            value[:, -1] = value[:, -1].mean(0)
            return value

        return capitals().probability(run(capitals().ids, (f"blocks.{layer}.hook_mlp_out", ablate)))

    return without(0), without(1), without(2)


@claim("capitals.lens")
def capital_lens() -> tuple[float, ...]:
    """The mean probability of the capital, as the logit lens reads it after each layer."""
    lens = reference("lab1", "logit_lens").logit_lens(model(), capitals().ids, capitals().answers)
    return tuple(lens.mean(1).tolist())


@claim("france.lens")
def france_lens() -> tuple[float, ...]:
    """The probability of " Paris", as the logit lens reads it after each layer."""
    target = torch.tensor([model().to_single_token(" Paris")])
    return tuple(reference("lab1", "logit_lens").logit_lens(model(), model().to_tokens(PROMPT), target)[:, 0].tolist())


@claim("capitals.lens-in-layer-2")
def lens_in_the_last_layer() -> tuple[float, float]:
    """The mean probability of the capital between attention and MLP of the last layer, and after the MLP."""
    with torch.no_grad():
        early, late = (
            model().unembed(model().ln_final(capitals().cache[name, 2])) for name in ("resid_mid", "resid_post")
        )
    return capitals().probability(early), capitals().probability(late)


@claim("capitals.direct")
def capital_direct() -> tuple[float, ...]:
    """What MLP 2 and L0H0 write at the last position towards the capital, against the mean of all capitals, in logits."""
    directions = model().W_U[:, capitals().answers].T
    directions = directions - directions.mean(0)
    scale = capitals().cache["ln_final.hook_scale"][:, -1]
    head = capitals().cache["z", 0][:, -1, 0] @ model().W_O[0, 0]
    written = (capitals().cache["mlp_out", 2][:, -1], head)
    return tuple(float((part / scale * directions).sum(-1).mean()) for part in written)


@claim("france.back-one")
def looks_one_back() -> float:
    """The least attention that L0H0 gives to the token before, over the rows of "The capital of France is"."""
    return float(min(france()[1]["pattern", 0][0, 0, place, place - 1] for place in range(1, END + 1)))


@claim("sizes.embedded")
def sizes() -> tuple[int, ...]:
    """The trained parameters of the course model, and the sums over `parameters()` of both model classes."""
    from mechgrade.bench import open_bench

    counted = reference("lab1", "describe_model").describe_model(model())["n_params"]
    plain = [sum(p.numel() for p in each.parameters()) for each in (model(), open_bench(backend="hooked").model)]
    return counted, *plain


@claim("sizes.mlps")
def mlp_share() -> float:
    """The share of the parameters that the MLPs have."""
    size = reference("lab1", "describe_model").describe_model(model())
    mlps = size["n_layers"] * (2 * size["d_model"] * size["d_mlp"] + size["d_mlp"] + size["d_model"])
    return float(mlps / size["n_params"])


@claim("sizes.gpt2")
def gpt2_size() -> int:
    """The parameters of a model of GPT-2 small's shape, by the exercise's formula."""
    from types import SimpleNamespace

    shape = {
        "n_layers": 12,
        "n_heads": 12,
        "d_model": 768,
        "d_head": 64,
        "d_mlp": 3072,
        "d_vocab": 50257,
        "n_ctx": 1024,
    }
    return int(
        reference("lab1", "describe_model").describe_model(SimpleNamespace(cfg=SimpleNamespace(**shape)))["n_params"]
    )


@claim("next.three")
def three_answers() -> tuple[str, float, str, float, str, float]:
    """What the model says to the three prompts of the exercise on next tokens, and how likely it finds that."""
    prompts = (PROMPT, "Then, John and Mary went to the store. John gave a bottle to", "abc def ghi abc")
    ask = reference("lab1", "top_next_tokens").top_next_tokens
    (first, p), (second, q), (third, r) = (ask(model(), prompt, 1)[0] for prompt in prompts)
    return first, p, second, q, third, r


@claim("next.kind")
def runners_up() -> bool:
    """The next four answers to "The capital of France is" are capitals too."""
    answers = {prompt.answer for prompt in capital_prompts()}
    ask = reference("lab1", "top_next_tokens").top_next_tokens
    return all(text in answers for text, _ in ask(model(), PROMPT, 5))


@claim("attention.rest")
def resting_heads() -> tuple[str, float, str, float]:
    """The two heads whose last position gives most attention to BOS, and how much."""
    rests = {
        (layer, head): france()[1]["pattern", layer][0, head, END, 0].item() for layer in range(3) for head in range(3)
    }
    (first, most), (second, less) = sorted(rests.items(), key=lambda each: -each[1])[:2]
    return head_name(*first), most, head_name(*second), less


@claim("cache.counts")
def cached() -> tuple[int, int]:
    """The activations that the exercise's formula gives for the course model, and for GPT-2 small's shape."""
    from types import SimpleNamespace

    budget = reference("lab1", "selective_cache").cache_budget
    gpt2 = SimpleNamespace(n_layers=12, n_heads=12, d_model=768, d_head=64, d_mlp=3072, d_vocab=50257)
    return budget(model().cfg, 1, 1)["activations"], budget(gpt2, 1, 1)["activations"]


@claim("cache.equal")
def cache_equal() -> int:
    """From how many positions on the squares of GPT-2 small take more than the rest of a layer's cache."""
    heads, d_model, d_head, d_mlp = 12, 768, 64, 3072
    return round((7 * d_model + 4 * heads * d_head + 2 * d_mlp) / (2 * heads))


@claim("cache.slices")
def slices() -> tuple[float, ...]:
    """Megabytes that three ways to keep one position hold: the cache, slices of it, copies of the slices."""
    tokens = bench().repeated_tokens(batch=8, half=30, seed=1)
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(3)]
    _, full = model().run_with_cache(tokens)

    def held(tensors: list[Tensor]) -> float:
        pieces = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in tensors}
        return sum(pieces.values()) / 1e6

    kept = reference("lab1", "selective_cache").selective_cache(model(), tokens, names, position=-1)
    return held([full[name][:, -1] for name in names]), held(list(kept.values()))


@claim("stream.norms")
def stream_norms() -> tuple[float, ...]:
    """At " is": the norms of the last MLP's output and of the whole stream; then the stream's norm at BOS."""
    stream = france()[1]["resid_post", 2][0].norm(dim=-1)
    return float(france()[1]["mlp_out", 2][0, END].norm()), float(stream[END]), float(stream[0])


@cache
def _attribution() -> tuple[dict[str, Tensor], float]:
    pairs = [("Mary", "John"), ("John", "Mary"), ("Anna", "Mark"), ("Mark", "Anna")]
    template = "Then, {0} and {1} went to the store. {0} gave a bottle to"
    tokens = bench().tokens([template.format(subject, indirect) for indirect, subject in pairs])
    correct, wrong = (torch.tensor([model().to_single_token(" " + p[place]) for p in pairs]) for place in (0, 1))
    found = reference("lab1", "direct_logit_attribution").direct_logit_attribution(model(), tokens, correct, wrong)
    with torch.no_grad():
        logits = model()(tokens)[:, -1]
    rows = torch.arange(len(pairs))
    return found, float((logits[rows, correct] - logits[rows, wrong]).mean())


@claim("attribution.names")
def attribution_parts() -> tuple[float, ...]:
    """The mean logit difference of the demo's prompts; what L2H0 and MLP 2 write of it."""
    found, difference = _attribution()
    return difference, float(found["heads"].mean(0)[2, 0]), float(found["mlps"].mean(0)[2])


@claim("attribution.indirect")
def attribution_of_the_reader() -> tuple[float, ...]:
    """What L1H2 writes to the logits itself; the whole difference, and what is left with L1H2 at its mean (card's prompts)."""
    return float(names().attribution[1, 2]), names().clean, float(names().ablated[1, 2])


@claim("ablation.L0H0")
def zero_and_mean() -> tuple[float, float]:
    """The rise of the loss on the demo's twelve sentences, L0H0 at zero and at its mean."""
    prompts = ioi_prompts(12, seed=1, template=0)
    tokens = bench().tokens([prompt.clean + prompt.answer for prompt in prompts])
    ablate = reference("lab1", "ablate_head").ablate_head
    return ablate(model(), tokens, 0, 0, "zero"), ablate(model(), tokens, 0, 0, "mean")


@claim("cache.bridge")
def bridge_cache() -> bool:
    """On a bridge the entries add up to more than twice the memory behind them, which is within a tenth of the prediction."""
    tokens = bench().repeated_tokens(batch=4, half=20, seed=1)
    _, activations = model().run_with_cache(tokens)
    pieces = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in activations.values()}
    listed = sum(each.numel() * each.element_size() for each in activations.values())
    predicted: int = reference("lab1", "selective_cache").cache_budget(model().cfg, *tokens.shape)["bytes"]
    return bool(listed > 2 * sum(pieces.values()) and abs(sum(pieces.values()) / predicted - 1) < 0.1)
