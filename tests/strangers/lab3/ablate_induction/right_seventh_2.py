# RIGHT: one hook for each head by functools.partial (index_fill), cross_entropy of the last predictions in float64
from functools import partial
import torch
from jaxtyping import Float, Int
from torch import Tensor

Heads = list[tuple[int, int]]


def _zero_head(z, hook, head):
    return z.index_fill(2, torch.tensor([head], device=z.device), 0.0)


@torch.no_grad()
def _second_half_loss(model, tokens, group):
    half = tokens.shape[1] // 2
    hooks = [(f"blocks.{layer}.attn.hook_z", partial(_zero_head, head=head)) for layer, head in group]
    logits = model.run_with_hooks(tokens, fwd_hooks=hooks) if hooks else model(tokens)
    predictions = logits[:, half:-1].double().flatten(0, 1)
    return torch.nn.functional.cross_entropy(predictions, tokens[:, half + 1 :].flatten().to(logits.device))


def ablate_induction(
    model, tokens: Int[Tensor, "batch pos"], heads: Heads, controls: list[Heads]
) -> dict[str, float | Float[Tensor, " control"]]:
    """Measure what zero-ablating some heads costs on the second half of repeated tokens, against control heads.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (ablation of induction heads).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`. It has no hooks before the call, and none after it, also when
            the call ends with an error.
        tokens: BOS, `half` random tokens, the same again: `[batch, pos]` with `pos = 1 + 2 * half`.
        heads: the heads to ablate, all in the same run, as `(layer, head)`: their `z` is zero at every position. May be
            empty.
        controls: sets of heads to compare with, at least one. Each set is ablated in a run of its own.

    Returns:
        Mean losses on the tokens of the second half, over the batch and the positions, in nats:
        `"clean"`, of the model as it is (float); `"ablated"`, without `heads` (float); `"controls"`, without each of
        the control sets (tensor of shape `[control]`); and `"effect"`, `"ablated"` minus the mean of `"controls"`
        (float).

    Raises:
        ValueError: `pos` is not `1 + 2 * half` with `half` at least 1, there is no control set, or some head (of `heads`
            or of a control set) is not in the model. Negative numbers are not in the model.

    """
    pos = tokens.shape[-1]
    if pos < 3 or pos % 2 == 0:
        raise ValueError(f"{pos} positions are not BOS and two equal halves")
    if not controls:
        raise ValueError("no control set")
    everyone = {(layer, head) for layer in range(model.cfg.n_layers) for head in range(model.cfg.n_heads)}
    asked = {(int(layer), int(head)) for group in [heads] + list(controls) for layer, head in group}
    if asked - everyone:
        raise ValueError(f"not in the model: {sorted(asked - everyone)}")
    losses = []
    for group in [[], heads] + list(controls):
        losses.append(_second_half_loss(model, tokens, group))
    result = {"clean": losses[0].item(), "ablated": losses[1].item(), "controls": torch.stack(losses[2:])}
    result["effect"] = result["ablated"] - float(result["controls"].mean())
    return result
