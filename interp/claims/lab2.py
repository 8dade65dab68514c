"""Claims of Lab 2: who moves the name, and which rule does the course model follow?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from .. import strangers
from ..circuits import answer_ids, padded_ids
from ..hypotheses import DEMO_NAMES, TEMPLATE, attention_to_giver
from ..prompts import IOIPrompt, ioi_prompts
from ..words import NAMES
from . import claim
from .world import bench, model, names, reference, run

READER, MOVER = (1, 2), (2, 0)
HEADS = tuple((layer, head) for layer in range(3) for head in range(3))


@dataclass(frozen=True)
class Pair:
    """Clean and corrupted prompts of one template, both run once."""

    prompts: tuple[IOIPrompt, ...]
    clean: Tensor
    corrupted: Tensor
    clean_cache: Any
    corrupted_cache: Any
    top: float
    bottom: float
    metric: Callable[[Tensor], Tensor]

    def share(self, value: float) -> float:
        """A logit difference between the corrupted run (0) and the clean one (1)."""
        return (value - self.bottom) / (self.top - self.bottom)

    def patched(self, head: tuple[int, int], *frozen: str) -> float:
        """The change of the corrupted run's metric when one head's z comes from the clean run and other points stay frozen."""

        def patch(z: Tensor, hook: Any) -> Tensor:
            z = z.clone()
            z[:, :, head[1]] = self.clean_cache["z", head[0]][:, :, head[1]]
            return z

        def freeze(name: str) -> tuple[str, Callable[..., Tensor]]:
            return name, lambda value, hook: self.corrupted_cache[name].clone()

        hooks = [(f"blocks.{head[0]}.attn.hook_z", patch), *map(freeze, frozen)]
        return float(self.metric(run(self.corrupted, *hooks))) - self.bottom


@cache
def pair(count: int = 8, template: int = 1, order: str | None = None) -> Pair:
    """The prompts of the lab's demos."""
    prompts = tuple(ioi_prompts(count, 1, template=template, order=order))  # type: ignore[arg-type]  # ABBA or BABA
    clean, corrupted = bench().tokens([p.clean for p in prompts]), bench().tokens([p.corrupted for p in prompts])
    right, wrong = answer_ids(model(), prompts)
    rows = torch.arange(count)

    def metric(logits: Tensor) -> Tensor:
        return (logits[rows, -1, right] - logits[rows, -1, wrong]).mean()

    with torch.no_grad():
        logits, clean_cache = model().run_with_cache(clean)
        other, corrupted_cache = model().run_with_cache(corrupted)
    return Pair(
        prompts, clean, corrupted, clean_cache, corrupted_cache, float(metric(logits)), float(metric(other)), metric
    )


@claim("ioi.difference")
def differences() -> tuple[float, float]:
    """The mean logit difference on 64 held-out prompts, clean and corrupted."""
    return names().clean, names().corrupted


@claim("ioi.half")
def half_of_the_stream() -> tuple[float, ...]:
    """The normalised metric when the last stream is a fifth, and 1.2 times, of the way from corrupted to clean (16 prompts)."""
    both = pair(16, 0, "ABBA")
    stream = "blocks.2.hook_resid_post"

    def mixed(share: float) -> float:
        def mix(value: Tensor, hook: Any) -> Tensor:
            clean: Tensor = both.clean_cache[stream]
            return value + share * (clean - value)

        return both.share(float(both.metric(run(both.corrupted, (stream, mix)))))

    return mixed(0.2), 1.2, mixed(1.2)


@cache
def _stream_map() -> Tensor:
    both = pair(8, 0, "BABA")
    sweep = reference("lab2", "patch_residual_sweep").patch_residual_sweep
    found: Tensor = (sweep(model(), both.clean, both.corrupted, both.metric) - both.bottom) / (both.top - both.bottom)
    return found


@claim("ioi.stream-at-S2")
def stream_at_s2() -> tuple[float, ...]:
    """What comes back when the stream at S2 is patched before layer 0, 1 and 2."""
    return tuple(_stream_map()[:, pair(8, 0, "BABA").prompts[0].s2_position + 1].tolist())


@claim("ioi.stream-at-END")
def stream_at_end() -> tuple[float, ...]:
    """What comes back when the stream at END is patched before layer 0, 1 and 2."""
    return tuple(_stream_map()[:, -1].tolist())


@claim("ioi.stream-elsewhere")
def stream_elsewhere() -> bool:
    """No other position brings back more than 0.05 before any layer."""
    s2 = pair(8, 0, "BABA").prompts[0].s2_position + 1
    others = [place for place in range(_stream_map().shape[1] - 1) if place != s2]
    return bool(_stream_map()[:, others].abs().max() < 0.05)


@cache
def _parts() -> dict[str, Tensor]:
    both = pair(8, 0, "BABA")
    maps = reference("lab2", "patch_residual_sweep").patch_component_sweep(
        model(), both.corrupted, both.clean_cache, both.metric
    )
    return {name: (found - both.bottom) / (both.top - both.bottom) for name, found in maps.items()}


@claim("ioi.attention-at-END")
def attention_at_end() -> tuple[float, float]:
    """What comes back when the attention output at END is patched, in layer 1 and in layer 2."""
    return float(_parts()["attn_out"][1, -1]), float(_parts()["attn_out"][2, -1])


@claim("ioi.mlps")
def mlps() -> tuple[float, float]:
    """What comes back when MLP 0 is patched at S2, and MLP 2 at END."""
    s2 = pair(8, 0, "BABA").prompts[0].s2_position + 1
    return float(_parts()["mlp_out"][0, s2]), float(_parts()["mlp_out"][2, -1])


@cache
def _head_map(activation: str) -> Tensor:
    both = pair()
    found: Tensor = reference("lab2", "patch_heads").patch_heads(
        model(), both.corrupted, both.clean_cache, both.metric, activation
    )
    shares: Tensor = (found - both.bottom) / (both.top - both.bottom)
    return shares


@claim("ioi.heads")
def head_outputs() -> tuple[float, float, bool]:
    """What comes back with the z of L1H2 and of L2H0; no other head brings back a twentieth."""
    rest = [float(_head_map("z")[head].abs()) for head in HEADS if head not in (READER, MOVER)]
    return float(_head_map("z")[READER]), float(_head_map("z")[MOVER]), max(rest) < 0.05


@claim("ioi.mover-inside")
def mover_inside() -> tuple[float, ...]:
    """What comes back with L2H0's query, pattern and values."""
    return tuple(float(_head_map(name)[MOVER]) for name in ("q", "pattern", "v"))


@claim("ioi.reader-inside")
def reader_inside() -> tuple[float, ...]:
    """What comes back with L1H2's values and pattern."""
    return tuple(float(_head_map(name)[READER]) for name in ("v", "pattern"))


@dataclass(frozen=True)
class Strangers:
    """64 prompts whose giver was named before, their twins with a third giver, and a run on each."""

    prompts: list[IOIPrompt]
    ids: Tensor
    ends: Tensor
    logits: Tensor
    cache: Any
    named_cache: Any

    @property
    def giver(self) -> Tensor:
        """Where the giver stands."""
        return torch.tensor([prompt.s2_position + 1 for prompt in self.prompts])


@cache
def third_names() -> Strangers:
    """The prompts of `interp.strangers`."""
    both = strangers.stranger_prompts(64, 11)
    prompts = [prompt for prompt, _ in both]
    named, ends = padded_ids(model(), [prompt.clean for prompt in prompts])
    ids, _ = padded_ids(model(), [text for _, text in both])
    with torch.no_grad():
        logits, activations = model().run_with_cache(ids)
        _, named_cache = model().run_with_cache(named)
    return Strangers(prompts, ids, ends, logits, activations, named_cache)


@claim("giver.attention")
def attention_to_the_giver() -> tuple[float, float]:
    """L1H2's attention from END to the giver: one who was named before, and a third name that occurs once."""
    third, rows = third_names(), torch.arange(64)
    looks = [each["pattern", 1][rows, 2, third.ends, third.giver] for each in (third.named_cache, third.cache)]
    return float(looks[0].mean()), float(looks[1].mean())


@claim("giver.never")
def never_the_giver() -> tuple[int, float, float]:
    """How often the third giver is the most likely name; how likely are the two names before, on average."""
    third, rows = third_names(), torch.arange(64)
    last = third.logits[rows, third.ends]
    ids = torch.tensor([model().to_single_token(" " + name) for name in NAMES])
    top = ids[last[:, ids].argmax(-1)]
    right, wrong = answer_ids(model(), third.prompts)
    share = last.softmax(-1)
    return (
        int((top == third.ids[rows, third.giver]).sum()),
        float(share[rows, right].mean()),
        float(share[rows, wrong].mean()),
    )


@claim("giver.nobody-detects")
def nobody_detects() -> bool:
    """No head looks from the second mention of a name back to the first more than from a stranger's name to that place."""
    third, rows = third_names(), torch.arange(64)
    first = torch.tensor([prompt.s1_position + 1 for prompt in third.prompts])
    gaps = [
        (each["pattern", layer][rows, :, third.giver, first]).mean(0)
        for layer in range(3)
        for each in (third.named_cache, third.cache)
    ]
    return all(float((named - stranger).max()) < 0.02 for named, stranger in zip(gaps[::2], gaps[1::2], strict=True))


@cache
def _separated() -> tuple[Tensor, Tensor]:
    """Attention from END to the giver in the controls and the tests of the exercise's demo, `[pair, layer, head]`."""
    pairs = reference("lab2", "separate_hypotheses").separating_pairs(DEMO_NAMES)
    control, test = (attention_to_giver(model(), TEMPLATE, [pair[place] for pair in pairs]) for place in (0, 1))
    return control, test


@claim("hypotheses.kept")
def kept() -> tuple[float, float, float]:
    """L1H2's attention to the giver in controls and tests, and the share kept."""
    control, test = (each[:, 1, 2] for each in _separated())
    share, verdict = reference("lab2", "separate_hypotheses").decide(control, test)
    assert verdict == "giver"
    return float(control.mean()), float(test.mean()), share


@claim("hypotheses.others")
def others_have_no_effect() -> bool:
    """No other head looks at the giver in the controls."""
    control = _separated()[0].mean(0)
    return all(float(control[head]) < 0.5 for head in HEADS if head != READER)


@claim("hypotheses.last-name")
def last_name() -> tuple[float, float]:
    """L1H2's attention to the giver, and to a name that stands behind the giver (16 prompts)."""
    rows = []
    for place in range(16):
        first, second, giver, last = (NAMES[(place + 5 * step) % len(NAMES)] for step in range(4))
        text = f"When {first} and {second} went to the store, {giver} gave {last} a bottle to"
        words = [token.strip() for token in model().to_str_tokens(text)]
        with torch.no_grad():
            _, activations = model().run_with_cache(text)
        rows.append([activations["pattern", 1][0, 2, -1, words.index(name)] for name in (giver, last)])
    means = torch.tensor(rows).mean(0)
    return float(means[0]), float(means[1])


@claim("path.direct")
def direct_paths() -> tuple[float, float]:
    """The share of the logit difference lost along the direct paths of L2H0 and of L1H2 to the logits."""
    both = pair()
    to_logits = reference("lab2", "path_patch").path_patch_to_logits
    caches = (model(), both.clean, both.clean_cache, both.corrupted_cache)
    return tuple(1 - both.share(float(both.metric(to_logits(*caches, [head])))) for head in (MOVER, READER))  # type: ignore[return-value]  # two heads


@claim("path.to-mover")
def paths_to_the_mover() -> tuple[float, ...]:
    """The share lost from L1H2 to L2H0, through its query, key and value."""
    both = pair()
    to_heads = reference("lab2", "path_patch").path_patch_to_heads
    caches = (model(), both.clean, both.clean_cache, both.corrupted_cache)
    return tuple(1 - both.share(float(both.metric(to_heads(*caches, [READER], [MOVER], part)))) for part in "qkv")


@claim("path.others")
def other_senders() -> bool:
    """No other earlier head reaches L2H0's query with more than 0.02 of the difference."""
    both = pair()
    to_heads = reference("lab2", "path_patch").path_patch_to_heads
    caches = (model(), both.clean, both.clean_cache, both.corrupted_cache)
    senders = [head for head in HEADS if head[0] < 2 and head != READER]
    return all(
        abs(1 - both.share(float(both.metric(to_heads(*caches, [sender], [MOVER], "q"))))) < 0.02 for sender in senders
    )


@cache
def _estimates() -> Tensor:
    both = pair()
    found: Tensor = reference("lab2", "attribution_patching").attribution_patching(
        model(), both.clean, both.corrupted, both.metric
    )
    return found


@claim("estimate.correlation")
def estimate_correlation() -> float:
    """The correlation of the estimate with the true change over the heads."""
    truth = torch.tensor([pair().patched(head) for head in HEADS])
    return float(torch.corrcoef(torch.stack([truth, _estimates().flatten()]))[0, 1])


@claim("estimate.signs")
def estimate_signs() -> bool:
    """The two largest estimates are those of the two heads that matter, and every head's sign is right."""
    top = {divmod(int(i), 3) for i in _estimates().flatten().abs().topk(2).indices}
    return top == {READER, MOVER} and all(pair().patched(head) * float(_estimates()[head]) > 0 for head in HEADS)


@claim("estimate.mover")
def mover_estimate() -> tuple[float, ...]:
    """L2H0: the true change, the estimate, and the true change with MLP 2 frozen."""
    return pair().patched(MOVER), float(_estimates()[MOVER]), pair().patched(MOVER, "blocks.2.hook_mlp_out")


@claim("estimate.reader")
def reader_estimate() -> tuple[float, ...]:
    """L1H2: the true change, the estimate, and the true change with the patterns of layer 2 frozen."""
    return pair().patched(READER), float(_estimates()[READER]), pair().patched(READER, "blocks.2.attn.hook_pattern")


@claim("estimate.saturated")
def saturated() -> float:
    """On the corrupted run: L2H0's attention from END to the name that is right there."""
    both = pair()
    first = torch.tensor([prompt.s1_position + 1 for prompt in both.prompts])
    return float(both.corrupted_cache["pattern", 2][torch.arange(len(both.prompts)), 0, -1, first].mean())


@claim("copying.scores")
def copying_scores() -> tuple[float, ...]:
    """The copying scores of L2H0, L1H0, L1H1 and L1H2, over the names."""
    exercise = reference("lab2", "copying_score")
    tokens = bench().tokens([f" {name}" for name in NAMES])
    _, activations = model().run_with_cache(tokens, names_filter=["blocks.0.hook_resid_post"])
    stream = activations["resid_post", 0][:, 1]

    def score(layer: int, head: int) -> float:
        weights = (model().W_V[layer, head], model().W_O[layer, head], model().W_U, model().b_U)
        return float(exercise.copying_score(exercise.ov_logits(stream, *weights), tokens[:, 1]))

    return score(2, 0), score(1, 0), score(1, 1), score(1, 2)


def _kept(circuit: Sequence[tuple[int, int]]) -> float:
    """The share of the logit difference with the heads outside a circuit at their mean over clean and corrupted prompts."""
    both = pair(12)

    def ablate(layer: int) -> tuple[str, Callable[..., Tensor]]:
        mean = torch.cat([each["z", layer] for each in (both.clean_cache, both.corrupted_cache)]).mean(0, keepdim=True)

        def hook(z: Tensor, hook: Any) -> Tensor:
            z = z.clone()
            for head in range(3):
                if (layer, head) not in circuit:
                    z[:, :, head] = mean[:, :, head]
            return z

        return f"blocks.{layer}.attn.hook_z", hook

    return float(both.metric(run(both.clean, *map(ablate, range(3))))) / both.top


@claim("circuit.two")
def two_heads() -> tuple[float, ...]:
    """The share of the logit difference with L1H2 and L2H0 alone, with the other seven alone, and with L1H2 alone."""
    rest = [head for head in HEADS if head not in (READER, MOVER)]
    return _kept([READER, MOVER]), _kept(rest), _kept([READER])


@claim("circuit.strict")
def strict_target() -> tuple[str, ...]:
    """The heads that the rule takes for the target 0.98."""
    both = pair(12)
    effects = torch.tensor([both.patched(head) for head in HEADS]).view(3, 3) / (both.top - both.bottom)

    def nearness(circuit: list[tuple[int, int]]) -> float:
        return 1 - abs(1 - _kept(circuit))

    circuit = reference("lab2", "find_circuit").find_circuit(effects, nearness, 0.98)
    return tuple(f"L{layer}H{head}" for layer, head in circuit)


@claim("circuit.faithful")
def faithful() -> tuple[float, ...]:
    """The faithfulness of the empty circuit, of L1H2, and of L1H2 with L2H0, with means over prompts with a third giver."""
    prompts = ioi_prompts(16, seed=1)
    others = []
    for number, prompt in enumerate(ioi_prompts(64, seed=2)):
        third = [name for name in NAMES if name not in (prompt.io, prompt.subject)][number % (len(NAMES) - 2)]
        others.append((f" {third}".join(prompt.clean.rsplit(" " + prompt.subject, 1)), prompt.template))
    together = bench().tokens([p.clean for p in prompts] + [text for text, _ in others])
    right, wrong = answer_ids(model(), prompts)
    rows, ends = torch.arange(16), torch.tensor([bench().tokens(p.clean).shape[1] - 1 for p in prompts])

    def metric(logits: Tensor) -> Tensor:
        return (logits[rows, ends, right] - logits[rows, ends, wrong]).mean()

    templates, of_others = torch.tensor([p.template for p in prompts]), torch.tensor([t for _, t in others])
    measure = reference("lab2", "faithfulness").faithfulness
    given = (metric, together[16:], of_others)
    return tuple(
        float(measure(model(), together[:16], templates, circuit, *given))
        for circuit in ([], [READER], [READER, MOVER])
    )
