"""Claims of Lab 4: what the course's autoencoder is worth, and what its latents do."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..labels import concepts_of_pieces
from ..prompts import LABELLED_CONCEPTS, Judging, ioi_prompts, mixed_prompts
from . import claim
from .world import bench, model, reference, run, sae


def _hook() -> str:
    name: str = sae().cfg.metadata.hook_name
    return name


@cache
def _sentences(count: int, seed: int, part: Judging = "choose") -> Tensor:
    tokens: Tensor = bench().tokens(["".join(sentence) for sentence in mixed_prompts(count, seed, part)])
    return tokens


@torch.no_grad()
def _activations(tokens: Tensor, name: str) -> Tensor:
    activation: Tensor = model().run_with_cache(tokens, names_filter=name)[1][name]
    return activation


@claim("bos.length")
def bos_length() -> tuple[float, float]:
    """How many times as long the stream is at BOS as on text: the least and the most, over the layers."""
    tokens = _sentences(200, 0)
    ratios = []
    for layer in range(3):
        for place in ("hook_resid_pre", "hook_resid_post"):
            lengths = _activations(tokens, f"blocks.{layer}.{place}").norm(dim=-1)
            ratios.append(float(lengths[:, 0].mean() / lengths[tokens != bench().bos].mean()))
    return min(ratios), max(ratios)


@claim("bos.length-random")
def bos_length_on_random_tokens() -> float:
    """The same at the point and on the texts of the exercise on training."""
    tokens = bench().repeated_tokens(128, 20, seed=0)
    lengths = _activations(tokens, "blocks.1.hook_resid_pre").norm(dim=-1)
    return float(lengths[:, 0].mean() / lengths[tokens != bench().bos].mean())


@cache
def _splice_losses() -> dict[str, float]:
    tokens = _sentences(64, 1, "held_out")
    text = tokens != bench().bos
    splice = reference("lab4", "splice_loss").splice_loss
    mean = _activations(tokens, _hook())[text].mean(0)

    def replaced(make: Callable[[Tensor], Tensor]) -> float:
        def hook(value: Tensor, hook: Any) -> Tensor:
            return torch.where(text[..., None], make(value), value)

        nats = -run(tokens, (_hook(), hook))[:, :-1].log_softmax(-1).gather(2, tokens[:, 1:, None])[..., 0]
        return float(nats[text[:, 1:]].mean())

    given = (model(), sae(), tokens, text)
    return {
        "clean": splice(*given, error_term=True),
        "spliced": splice(*given),
        "silent": splice(*given, edit=torch.zeros_like),
        "zero": replaced(torch.zeros_like),
        "mean": replaced(lambda value: mean.expand_as(value)),
    }


@claim("splice.losses")
def splice_losses() -> tuple[float, float]:
    """The loss of the model, and with the SAE spliced in."""
    return _splice_losses()["clean"], _splice_losses()["spliced"]


@claim("splice.baselines")
def splice_baselines() -> tuple[float, ...]:
    """The loss with the activation zeroed, at its mean, and with the decoder's bias in its place."""
    return tuple(_splice_losses()[name] for name in ("zero", "mean", "silent"))


@claim("splice.recovered")
def recovered() -> float:
    """The loss recovered, against zeros."""
    found = _splice_losses()
    return (found["zero"] - found["spliced"]) / (found["zero"] - found["clean"])


@claim("splice.variance")
def spliced_variance() -> float:
    """The explained variance on the same sentences."""
    tokens = _sentences(64, 1, "held_out")
    x = _activations(tokens, _hook())[tokens != bench().bos]
    with torch.no_grad():
        error = (x - sae().decode(sae().encode(x))).pow(2).sum()
    return float(1 - error / (x - x.mean(0)).pow(2).sum())


@claim("sae.size")
def size() -> tuple[float, int]:
    """How many latents are active at a token of 200 sentences, and how many there are."""
    return float((_latents(_sentences(200, 0)) > 0).float().sum(1).mean()), int(sae().cfg.d_sae)


@torch.no_grad()
def _latents(tokens: Tensor) -> Tensor:
    latents: Tensor = sae().encode(_activations(tokens, _hook()))[tokens != bench().bos]
    return latents


@claim("sae.rates")
def rates() -> tuple[int, int, int]:
    """The tokens of text in 200 sentences; the latents that never fire there, and those that fire at more than a tenth."""
    firing = (_latents(_sentences(200, 0)) > 0).float().mean(0)
    return len(_latents(_sentences(200, 0))), int((firing == 0).sum()), int((firing > 0.1).sum())


@claim("sae.at-bos")
def at_bos() -> tuple[float, float]:
    """The latent that special positions make look most frequent: its rate on text, and with them."""
    tokens = _sentences(200, 0)
    with torch.no_grad():
        everywhere = (sae().encode(_activations(tokens, _hook())) > 0).float().flatten(0, 1).mean(0)
    on_text = (_latents(tokens) > 0).float().mean(0)
    latent = int((everywhere - on_text).argmax())
    return float(on_text[latent]), float(everywhere[latent])


@claim("sae.places")
def places() -> tuple[float, float]:
    """The explained variance at the SAE's own point, and the best of the residual streams elsewhere."""
    texts = (
        "The capital of France is Paris",
        "John and Mary went to the store. John gave a bottle to Mary",
        "abc def ghi abc",
    )
    tokens = bench().tokens(texts)

    def explained(name: str) -> float:
        x = _activations(tokens, name)[tokens != bench().bos]
        with torch.no_grad():
            error = (x - sae().decode(sae().encode(x))).pow(2).sum()
        return float(1 - error / (x - x.mean(0)).pow(2).sum())

    elsewhere = ("blocks.0.hook_resid_pre", "blocks.1.hook_resid_pre", "blocks.2.hook_resid_post")
    return explained(_hook()), max(map(explained, elsewhere))


@claim("sae.directions")
def directions() -> tuple[float, float]:
    """The least and the largest cosine between a latent's encoder and decoder direction."""
    cosines = torch.cosine_similarity(sae().W_enc.T, sae().W_dec, dim=-1)
    return float(cosines.min()), float(cosines.max())


@cache
def _strongest(count: int) -> dict[str, float]:
    texts = [
        "The capital of France is Paris",
        "John and Mary went to the store. John gave a bottle to Mary",
        "abc def ghi abc def ghi",
        "When Tom and Anna went to the garden, Anna gave a ring to Tom",
    ]
    tokens = bench().tokens(texts)
    x = _activations(tokens, _hook())[tokens != bench().bos]
    with torch.no_grad():
        latents = sae().encode(x)
        order = latents.argsort(dim=1, descending=True)[:, :count]
        kept = torch.zeros_like(latents).scatter(1, order, latents.gather(1, order))
        found: dict[str, float] = reference("lab4", "sae_metrics").sae_metrics(x, sae().decode(kept), kept)
    return found


@claim("sae.strongest")
def strongest() -> tuple[float, ...]:
    """The explained variance with no latent, the 4 and the 14 strongest; the cosine with these 14."""
    none, four, all_of_them = (_strongest(count) for count in (0, 4, 14))
    explained = "explained_variance"
    return none[explained], 4, four[explained], 14, all_of_them[explained], all_of_them["cosine"]


@claim("sae.dead")
def dead() -> tuple[float, ...]:
    """The share of latents that look dead on the four texts of the exercise on metrics, and on 200 sentences."""
    on_many = _latents(_sentences(200, 0))
    return _strongest(14)["dead"], len(on_many), float(((on_many > 0).sum(0) == 0).float().mean())


@cache
def _who_decides() -> tuple[Tensor, Tensor, Tensor, float, Tensor]:
    """Six prompts: every latent's attribution, the latents that are active, their ablations, the metric, the tokens."""
    prompts = ioi_prompts(6, seed=4, template=0)
    tokens = bench().tokens([prompt.clean for prompt in prompts])
    exercise = reference("lab4", "attribute_latents")
    by_latent = exercise.attribute_latents(model(), sae(), tokens, _difference).sum(1).mean(0)
    active = by_latent.nonzero().flatten()
    effects = exercise.ablation_effects(model(), sae(), tokens, _difference, active).mean(1)
    return by_latent, active, effects, float(_difference(bench().run(tokens)).mean()), tokens


def _difference(logits: Tensor) -> Tensor:
    prompts = ioi_prompts(6, seed=4, template=0)
    right, wrong = (bench().tokens([getattr(p, name) for p in prompts])[:, 1] for name in ("answer", "wrong"))
    rows = torch.arange(6)
    difference: Tensor = logits[rows, -1, right] - logits[rows, -1, wrong]
    return difference


@claim("latents.strongest")
def strongest_latents() -> tuple[float, ...]:
    """The logit difference; how far the strongest ablation lowers it, and the twelve strongest together."""
    _, active, effects, whole, tokens = _who_decides()
    twelve = active[effects.abs().argsort(descending=True)[:12]]

    def take_away(value: Tensor, hook: Any) -> Tensor:
        written: Tensor = sae().encode(value)[..., twelve] @ sae().W_dec[twelve]
        return value - written

    return whole, float(effects.abs().max()), whole - float(_difference(run(tokens, (_hook(), take_away))).mean())


@claim("latents.count")
def active_latents() -> int:
    """How many latents are active somewhere in the six prompts."""
    return len(_who_decides()[1])


@claim("latents.sum")
def attribution_sum() -> tuple[float, float]:
    """The sum of all attributions, and the logit difference."""
    return float(_who_decides()[0].sum()), _who_decides()[3]


@claim("latents.largest")
def largest_estimates() -> tuple[float, ...]:
    """The three largest estimates, each with the latent's ablation: two of the three have the wrong sign."""
    by_latent, active, effects, _, _ = _who_decides()
    at = active.tolist()
    pairs = [(float(by_latent[i]), float(effects[at.index(i)])) for i in by_latent.abs().topk(3).indices.tolist()]
    return tuple(value for each in pairs for value in each)


@claim("latents.signs")
def attribution_signs() -> float:
    """The share of all active latents for which estimate and ablation have the same sign."""
    by_latent, active, effects, _, _ = _who_decides()
    return float((effects.sign() == by_latent[active].sign()).float().mean())


@cache
def _labelled(count: int, seed: int, part: Judging = "choose") -> tuple[Tensor, Tensor]:
    tokens = _sentences(count, seed, part)
    marks = []
    for sentence, row in zip(mixed_prompts(count, seed, part), tokens.tolist(), strict=True):
        marks += concepts_of_pieces(sentence, [model().to_string([token]) for token in row if token != bench().bos])
    return _latents(tokens), torch.tensor([[concept in of for of in marks] for concept in LABELLED_CONCEPTS])


@cache
def _named() -> tuple[dict[str, Tensor], Tensor]:
    """The latents of the exercise on concepts with their AUROC, and the AUROC on other forms of sentences."""
    name = reference("lab4", "name_latents").name_latents
    chosen = _labelled(300, 1)
    return name(*chosen, *_labelled(300, 2, "held_out")), name(*chosen, *_labelled(300, 3, "unseen"))["test_auroc"]


@claim("concepts.held-out")
def held_out_concepts() -> tuple[float, ...]:
    """For how many concepts the chosen latent has an AUROC above 0.9 on held-out sentences, and how many concepts there are."""
    return int((_named()[0]["test_auroc"] > 0.9).sum()), len(LABELLED_CONCEPTS), 0.9


@claim("concepts.worst-fall")
def worst_fall() -> tuple[float, float]:
    """The concept whose AUROC falls most: where the latent was chosen, and on held-out sentences."""
    found = _named()[0]
    worst = int((found["train_auroc"] - found["test_auroc"]).argmax())
    return float(found["train_auroc"][worst]), float(found["test_auroc"][worst])


@claim("concepts.weather")
def weather() -> float:
    """The AUROC of the latent for weather on other forms of sentences."""
    return float(_named()[1][LABELLED_CONCEPTS.index("weather")])


@claim("concepts.precision")
def precision() -> tuple[float, float]:
    """The latent for names on held-out sentences: its AUROC, and the share of the tokens at which it fires that are names."""
    row = LABELLED_CONCEPTS.index("name")
    latents, labels = _labelled(300, 2, "held_out")
    fires = latents[:, _named()[0]["latent"][row]] > 0
    return float(_named()[0]["test_auroc"][row]), float(labels[row][fires].float().mean())


@claim("concepts.twice")
def chosen_twice() -> bool:
    """The same latent is the best one for names and for countries."""
    latents = _named()[0]["latent"]
    return bool(latents[LABELLED_CONCEPTS.index("name")] == latents[LABELLED_CONCEPTS.index("country")])


@claim("concepts.lots")
def drawn_by_lot() -> tuple[float, ...]:
    """For labels drawn by lot, from 30 tokens: the AUROC of the best latent there, and on 30 other tokens."""
    latents = _labelled(300, 1)[0]
    generator = torch.Generator().manual_seed(0)
    some = torch.randperm(len(latents), generator=generator)[:60]
    nonsense = torch.rand(20, 60, generator=generator) < 0.2
    name = reference("lab4", "name_latents").name_latents
    lucky = name(latents[some[:30]], nonsense[:, :30], latents[some[30:]], nonsense[:, 30:])
    return float(lucky["train_auroc"].mean()), 30, float(lucky["test_auroc"].mean())


@claim("steering.favourites")
def favourites() -> tuple[float, ...]:
    """The probability of the token that a latent promotes, with the latent ablated where it is strongest: two latents."""
    tokens = _sentences(200, 0)
    with torch.no_grad():
        latents = sae().encode(_activations(tokens, _hook())) * (tokens != bench().bos)[..., None]
        effects = sae().W_dec @ model().W_U
    places = latents.flatten(0, 1).argmax(0)
    exercise = reference("lab4", "steer")

    def left(latent: int) -> float:
        token = int((effects[latent] - effects[latent].mean()).argmax())
        row, position = divmod(int(places[latent]), tokens.shape[1])
        logits = run(tokens[[row], : position + 1], (_hook(), exercise.ablation_hook(sae(), latent)))
        return float(logits[0, -1].softmax(-1)[token])

    return left(350), left(239)


@claim("steering.repeats")
def steering_repeats() -> str:
    """What the model writes after "My cat likes" with twice the strongest activation of latent 239."""
    peak = _latents(_sentences(200, 0))[:, 239].max()
    exercise = reference("lab4", "steer")
    prompt = bench().tokens("My cat likes")
    hook = exercise.steering_hook(sae(), 239, 2 * float(peak))
    return str(model().to_string(exercise.steer(model(), prompt, _hook(), hook, steps=3)[0, 1:]))


@claim("latents.one-word")
def one_word() -> bool:
    """The six strongest examples of latents 494, 267 and 501 have " in", " on" and " to" at their peaks."""
    tokens = _sentences(400, 0)
    with torch.no_grad():
        latents = sae().encode(_activations(tokens, _hook()))
    top = reference("lab4", "max_activating").max_activating
    text = tokens != bench().bos

    def peaks(latent: int) -> set[str]:
        found = top(latents[..., latent], tokens, text, k=6, window=5)
        return {model().to_string([each["window"][each["peak"]]]) for each in found}

    return [peaks(latent) for latent in (494, 267, 501)] == [{" in"}, {" on"}, {" to"}]


@claim("latents.places")
def promotes_places() -> bool:
    """The five tokens that latent 314 promotes most are places."""
    from ..words import PLACES

    exercise = reference("lab4", "latent_logits")
    effects = exercise.latent_logits(sae(), model().W_U, torch.tensor([314]))
    up, _ = exercise.promoted_and_suppressed(effects, k=5)
    return all(model().to_string([token]).strip() in PLACES for token in up[0].tolist())


@cache
def _toy(p: float) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    importance = 0.8 ** torch.arange(12)
    shape = (400, 128, 12)
    for each in (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0):
        batches = torch.rand(shape, generator=generator) * (torch.rand(shape, generator=generator) < each)
        if each == p:
            W: Tensor = reference("lab4", "superposition").superposition(batches, 4, importance, seed=0)[0]
            return W
    raise ValueError(p)


@claim("toy.features")
def toy_features() -> tuple[int, int]:
    """How many of twelve features get a direction in four dimensions: when all are always active, and when each is rare."""
    return int((_toy(1.0).norm(dim=0) > 0.5).sum()), int((_toy(0.02).norm(dim=0) > 0.5).sum())


@claim("toy.negative")
def toy_products() -> bool:
    """Of the products off the diagonal (p = 0.05), the largest negative one is at least twice the largest positive one."""
    products = _toy(0.05).T @ _toy(0.05)
    products.fill_diagonal_(0)
    return bool(-products.min() > 2 * products.max())


@claim("training.explained")
def training_explained() -> tuple[float, ...]:
    """The explained variance of unseen activations after 0, 100 and 300 steps of the exercise's recipe."""
    name = "blocks.1.hook_resid_pre"
    seen, unseen = (bench().repeated_tokens(rows, 20, seed=seed) for rows, seed in ((128, 0), (32, 1)))
    x = _activations(unseen, name)[:, 1:].flatten(0, 1)
    train = reference("lab4", "train_sae").train_sae

    def explained(steps: int) -> float:
        trained = train(_activations(seen, name), seen != bench().bos, 384, 16, steps, seed=0)
        pre = (x - trained["b_dec"]) @ trained["W_enc"] + trained["b_enc"]
        largest = pre.topk(16, dim=1)
        latents = torch.zeros_like(pre).scatter(1, largest.indices, largest.values.relu())
        error = (x - latents @ trained["W_dec"] - trained["b_dec"]).pow(2).sum()
        return float(1 - error / (x - x.mean(0)).pow(2).sum())

    return explained(0), 100, explained(100), 300, explained(300)


@claim("latents.where")
def where_latents_matter() -> tuple[float, ...]:
    """The attributions in size, added up at the two first names, at END, at the largest other position, and at S2."""
    prompts = ioi_prompts(6, seed=4, template=0)
    tokens = bench().tokens([prompt.clean for prompt in prompts])
    attributions = reference("lab4", "attribute_latents").attribute_latents(model(), sae(), tokens, _difference)
    sizes = attributions.abs().sum(-1).mean(0).tolist()
    first = prompts[0]
    places = [*sorted((first.io_position + 1, first.s1_position + 1)), first.end_position + 1]
    rest = [size for at, size in enumerate(sizes) if at not in places]
    return *(sizes[at] for at in places), max(rest), sizes[first.s2_position + 1]


@claim("latents.second-mention")
def second_mention() -> bool:
    """In "When Mary and John went to the store, John gave a bottle to" the two Johns have different strongest latents."""
    tokens = bench().tokens("When Mary and John went to the store, John gave a bottle to")
    words = model().to_str_tokens(tokens[0])
    first, second = (at for at, word in enumerate(words) if word == " John")
    with torch.no_grad():
        strongest_at = sae().encode(_activations(tokens, _hook()))[0].argmax(-1)
    return bool(strongest_at[first] != strongest_at[second])


@claim("splice.silenced")
def silenced() -> tuple[float, ...]:
    """What the most frequent latent costs, the eighth (more than each between them), and the latent that costs least."""
    tokens = _sentences(64, 1, "held_out")
    text = tokens != bench().bos
    frequent = (_latents(tokens) > 0).float().mean(0).topk(24).indices.tolist()
    splice = reference("lab4", "splice_loss").splice_loss

    def without(latent: int) -> float:
        def edit(latents: Tensor) -> Tensor:
            latents = latents.clone()
            latents[..., latent] = 0
            return latents

        loss: float = splice(model(), sae(), tokens, text, error_term=True, edit=edit)
        return loss - _splice_losses()["clean"]

    costs = [without(latent) for latent in frequent]
    assert costs[7] > max(costs[1:7])
    return costs[0], costs[7], min(costs)
