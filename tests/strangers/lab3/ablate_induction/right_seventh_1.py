# RIGHT: one masking hook for each layer, run_with_hooks, log_softmax
import torch
from jaxtyping import Float, Int
from torch import Tensor

Heads = list[tuple[int, int]]


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
    half = (tokens.shape[1] - 1) // 2
    if half < 1 or tokens.shape[1] != 1 + 2 * half:
        raise ValueError("pos must be 1 + 2 * half with half at least 1")
    if len(controls) == 0:
        raise ValueError("at least one control set is needed")
    for group in [heads, *controls]:
        for layer, head in group:
            if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
                raise ValueError(f"head {head} of layer {layer} is not in the model")

    def make_hook(which: list[int]):
        def silence(z, hook):
            z = z.clone()
            z[:, :, which] = 0.0
            return z

        return silence

    def loss_without(group: Heads) -> float:
        by_layer: dict[int, list[int]] = {}
        for layer, head in group:
            by_layer.setdefault(layer, []).append(head)
        hooks = [(f"blocks.{layer}.attn.hook_z", make_hook(which)) for layer, which in by_layer.items()]
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=hooks)
        log_probs = logits[:, :-1].log_softmax(dim=-1)
        loss = -log_probs.gather(-1, tokens[:, 1:, None].to(log_probs.device)).squeeze(-1)
        return loss[:, half:].mean().item()

    clean = loss_without([])
    ablated = loss_without(heads)
    control_losses = torch.tensor([loss_without(group) for group in controls])
    return {
        "clean": clean,
        "ablated": ablated,
        "controls": control_losses,
        "effect": ablated - control_losses.mean().item(),
    }
