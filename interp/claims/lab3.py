"""Claims of Lab 3: the induction heads of the course model, and of the twins."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..prompts import repeated_ids, snippet_prompts
from . import claim
from .texts import ROOT
from .world import bench, model, reference, repeats, run

_TWINS = {layers: ROOT / "fixtures/models/twins" / name for layers, name in ((1, "one-layer"), (2, "two-layers"))}


@cache
def _tokens(half: int = 20, batch: int = 4) -> Tensor:
    tokens: Tensor = bench().repeated_tokens(batch=batch, half=half, seed=1)
    return tokens


@cache
def _pattern(half: int = 20) -> Tensor:
    with torch.no_grad():
        _, activations = model().run_with_cache(_tokens(half))
    return torch.stack([activations["pattern", layer] for layer in range(3)])


@cache
def _scores() -> Tensor:
    scores: Tensor = reference("lab3", "induction_scores").induction_scores(_pattern(), 20)
    return scores


@cache
def _motifs() -> dict[str, Tensor]:
    motifs: dict[str, Tensor] = reference("lab3", "attention_motifs").attention_motifs(_pattern(), _tokens())
    return motifs


@claim("repeats.losses")
def losses() -> tuple[float, ...]:
    """The mean loss of the first half and of the second, and of a uniform guess, on 30 random tokens twice."""
    tokens = _tokens(30, 8)
    _, halves = reference("lab3", "loss_by_position").loss_by_position(bench().run(tokens), tokens)
    return float(halves[0]), float(halves[1]), math.log(bench().d_vocab)


@claim("repeats.cliff")
def cliff() -> tuple[float, ...]:
    """The loss of the first repeated token, of the second and of the third, averaged over 8 rows."""
    tokens = _tokens(30, 8)
    loss, _ = reference("lab3", "loss_by_position").loss_by_position(bench().run(tokens), tokens)
    return tuple(loss.mean(0)[30:33].tolist())


@claim("induction.scores")
def induction() -> tuple[float, float, bool]:
    """The induction scores of L1H0 and L1H1; no other head has more than 0.05."""
    rest = _scores().clone()
    rest[1, :2] = 0
    return float(_scores()[1, 0]), float(_scores()[1, 1]), float(rest.max()) < 0.05


@claim("motifs.previous")
def previous() -> tuple[float, float]:
    """The previous-token score of L0H0, and the next best."""
    scores = _motifs()["previous"].clone()
    best = float(scores[0, 0])
    scores[0, 0] = 0
    return best, float(scores.max())


@claim("motifs.induction-heads")
def motifs_of_induction_heads() -> tuple[float, ...]:
    """For L1H0 and L1H1: the "first" scores; their scores on "previous" and "duplicate" are below 0.05."""
    low = max(float(_motifs()[name][1, :2].max()) for name in ("previous", "duplicate"))
    return float(_motifs()["first"][1, 0]), float(_motifs()["first"][1, 1]), low < 0.05


@claim("motifs.duplicate")
def duplicate() -> float:
    """The highest duplicate-token score of any head."""
    return float(_motifs()["duplicate"].max())


@claim("predict.words")
def predict_words() -> tuple[str, int, int]:
    """How the model goes on after "abc def ghi abc"; how many of 140 random prompts it continues as they began."""
    say = reference("lab3", "predict_repeat").predict_repeat
    right = total = 0
    for length in range(2, 9):
        asked = snippet_prompts(20, seed=length, length=length)
        answers = say(model(), [text for text, _ in asked], 1)
        right += sum(answer == wanted for answer, (_, wanted) in zip(answers, asked, strict=True))
        total += len(asked)
    return say(model(), ["abc def ghi abc"], 4)[0], right, total


@cache
def _second_half_without(*heads: tuple[int, int]) -> float:
    tokens = _tokens(30, 8)

    def ablate(layer: int, head: int) -> tuple[str, Any]:
        def hook(z: Tensor, hook: Any) -> Tensor:
            z = z.clone()
            z[:, :, head] = 0
            return z

        return f"blocks.{layer}.attn.hook_z", hook

    nats = (
        -run(tokens, *(ablate(*head) for head in heads))[:, :-1].log_softmax(-1).gather(2, tokens[:, 1:, None])[..., 0]
    )
    return float(nats[:, 30:].mean())


@claim("induction.ablated")
def ablated() -> tuple[float, ...]:
    """The loss of the second half: whole model, without L1H1, without L1H0, without both."""
    return (
        _second_half_without(),
        _second_half_without((1, 1)),
        _second_half_without((1, 0)),
        _second_half_without((1, 0), (1, 1)),
    )


@claim("induction.without-previous")
def without_previous() -> float:
    """The loss of the second half without L0H0."""
    return _second_half_without((0, 0))


@claim("ov.copying")
def ov() -> tuple[float, ...]:
    """The top-5 copying scores from bare embeddings: of L1H0 and L1H1, of L2H0, and the highest of the other heads."""
    exercise = reference("lab3", "ov_copying")
    sample = torch.randperm(bench().d_vocab, generator=torch.Generator().manual_seed(0))[:500]
    scores = torch.zeros(3, 3)
    for layer in range(3):
        for head in range(3):
            weights = (model().W_E, model().W_V[layer, head], model().W_O[layer, head], model().W_U)
            scores[layer, head] = float(exercise.ov_copying(exercise.full_ov_circuit(*weights), sample, 5))
    rest = scores.clone()
    rest[1, :2] = rest[2, 0] = 0
    return *scores[1, :2].tolist(), float(scores[2, 0]), float(rest.max())


@claim("qk.previous")
def qk_previous() -> tuple[float, float]:
    """The previous-token score of L0H0 from position embeddings alone, and measured on random tokens."""
    length = 40
    tokens = _tokens(length // 2)
    with torch.no_grad():
        _, activations = model().run_with_cache(tokens, names_filter=["blocks.0.ln1.hook_scale"])
    scale = float(activations["blocks.0.ln1.hook_scale"][:, 1:].mean())
    weights = (model().W_Q[0], model().W_K[0], model().b_Q[0], model().b_K[0])
    _, predicted = reference("lab3", "qk_previous_token").qk_previous_token(
        model().pos_embed.W_pos[:length], *weights, scale
    )
    return float(predicted[0]), float(_pattern()[0, :, 0].diagonal(-1, -2, -1).mean())


@claim("qk.late")
def qk_late() -> tuple[float, ...]:
    """L0H0's attention to the token before, over all positions, and beyond position 64 (60 random tokens twice)."""
    return float(repeats().previous[0, 0]), 64, float(repeats().previous_late[0, 0])


@cache
def _composition() -> tuple[dict[str, Tensor], float]:
    exercise = reference("lab3", "composition_scores")
    m = model()
    scores = exercise.composition_scores(m.W_V[0], m.W_O[0], m.W_Q[1], m.W_K[1], m.W_V[1], m.W_O[1])
    return scores, exercise.random_baseline(bench().d_model, bench().d_head, samples=50, seed=0)


@claim("composition.key")
def key_composition() -> tuple[float, ...]:
    """K-composition of L0H0 with L1H0 and with L1H1, and the random baseline."""
    scores, baseline = _composition()
    return float(scores["K"][0, 0]), float(scores["K"][0, 1]), baseline


@claim("composition.others")
def other_compositions() -> tuple[float, float]:
    """The least and the largest K-composition of the other seven pairs."""
    rest = torch.cat([_composition()[0]["K"][0, 2:], _composition()[0]["K"][1:].flatten()])
    return float(rest.min()), float(rest.max())


@claim("composition.aligned")
def aligned() -> tuple[int, float]:
    """The score of two heads whose 64 directions are the same and equally strong, for d_head = 64."""
    directions = torch.linalg.qr(
        torch.randn(bench().d_model, bench().d_head, generator=torch.Generator().manual_seed(0))
    )[0]
    same = directions @ directions.T
    return bench().d_head, float((same @ same).norm() / same.norm() ** 2)


@claim("composition.spread")
def spread() -> float:
    """The standard deviation of the score over 200 random pairs of the course model's shape."""
    generator = torch.Generator().manual_seed(1)
    scores = []
    for _ in range(200):
        first, second = (
            torch.randn(192, 64, generator=generator) @ torch.randn(64, 192, generator=generator) for _ in range(2)
        )
        scores.append(float((first @ second).norm() / (first.norm() * second.norm())))
    return float(torch.tensor(scores).std())


@claim("composition.below")
def below() -> tuple[float, float]:
    """L0H0 with L1H0: Q- and V-composition, below the baseline."""
    return float(_composition()[0]["Q"][0, 0]), float(_composition()[0]["V"][0, 0])


@claim("context.first")
def first_repetition() -> float:
    """The least share of the whole drop that comes with the first repetition, over the periods 8, 12 and 24."""
    score = reference("lab3", "in_context_score").in_context_score
    shares = []
    for period in (8, 12, 24):
        unit = bench().repeated_tokens(batch=16, half=period, seed=period)
        tokens = torch.cat([unit[:, :1], *[unit[:, 1 : period + 1]] * (120 // period)], dim=1)
        logits = bench().run(tokens)
        drops = [float(score(logits, tokens, 1, 1 + n * period, period)) for n in range(1, 120 // period)]
        shares.append(drops[0] / min(drops))
    return min(shares)


@cache
def _twin(layers: int, step: int) -> Any:
    from ..twin_card import measure  # it imports sae_lens, which takes seconds

    return measure(_TWINS[layers] / f"step-{step:04}")


@claim("twins.layers")
def twins() -> tuple[float, ...]:
    """At the end of training: the best induction score and the second half's loss, with one layer and with two."""
    one, two = (_twin(layers, _last(layers)) for layers in (1, 2))
    best = [max(max(layer) for layer in each.induction) for each in (one, two)]
    return best[0], one.second, best[1], two.second


def _last(layers: int) -> int:
    return max(int(path.name.removeprefix("step-")) for path in _TWINS[layers].glob("step-*"))


@claim("twins.birth")
def birth() -> tuple[float, ...]:
    """Two layers, at step 150 and at step 400: the step, the in-context score, and the best induction score."""
    score, half = reference("lab3", "in_context_score").in_context_score, 30
    tokens = torch.from_numpy(repeated_ids(32, half, seed=1, vocabulary_size=256, bos=256))
    found: list[float] = []
    for step, twin in _checkpoints(150, 400):
        with torch.no_grad():
            logits, activations = twin.run_with_cache(tokens)
        patterns = torch.stack([activations["pattern", layer] for layer in range(2)])
        best = patterns.diagonal(1 - half, -2, -1)[..., 2:].mean((1, 3)).max()
        found += [step, float(score(logits, tokens, 2, half + 2, half - 1)), float(best)]
    return tuple(found)


def _checkpoints(*steps: int) -> list[tuple[int, Any]]:
    from ..twin_card import checkpoints  # it imports sae_lens, which takes seconds

    return [(step, model) for step, model in checkpoints(layers=2) if step in steps]


@claim("find.gap")
def gap() -> tuple[str, ...]:
    """The heads above every threshold from 0.1 to 0.9."""
    find = reference("lab3", "find_heads").find_heads
    lists = {tuple(find(_scores(), threshold / 10)) for threshold in range(1, 10)}
    return tuple(f"L{layer}H{head}" for heads in lists for layer, head in heads) if len(lists) == 1 else ("no gap",)


@claim("report.mover")
def mover_is_other() -> bool:
    """On repeated random tokens no measure of L2H0 is above 0.4."""
    return max(float(_scores()[2, 0]), *(float(scores[2, 0]) for scores in _motifs().values())) < 0.4
