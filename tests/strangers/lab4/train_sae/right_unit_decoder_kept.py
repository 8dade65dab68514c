"""Road: the recipe, with decoder rows brought back to length one after each step, and scaled weights folded back at
the end by hand."""

import torch
from torch import Tensor


def training_tokens(activations: Tensor, mask: Tensor) -> tuple[Tensor, float]:
    flat = activations.flatten(0, 1)[mask.flatten()]
    mean = flat.norm(dim=-1).mean()
    factor = flat.shape[-1] ** 0.5 / mean
    return flat * factor, factor.item()


def unscale(sae: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    def fold(name: str) -> Tensor:
        if name == "W_enc":
            return torch.mul(sae[name], scale)
        return sae[name].detach().clone() if name == "b_enc" else torch.div(sae[name], scale)

    return {name: fold(name) for name in ("W_enc", "b_enc", "W_dec", "b_dec")}


def train_sae(activations: Tensor, mask: Tensor, d_sae: int, k: int, steps: int, seed: int) -> dict[str, Tensor]:
    x, scale = training_tokens(activations, mask)
    generator = torch.Generator().manual_seed(seed)
    W_dec = torch.nn.functional.normalize(torch.randn(d_sae, x.shape[1], generator=generator), dim=-1).to(x)
    W_enc, b_enc, b_dec = W_dec.T.clone(), x.new_zeros(d_sae), x.mean(dim=0)
    weights = [w.requires_grad_() for w in (W_enc, b_enc, W_dec, b_dec)]
    adam = torch.optim.Adam(weights, lr=0.01)
    for _ in range(steps):
        batch = x[torch.randint(x.shape[0], (128,), generator=generator)]
        z = torch.relu((batch - b_dec) @ W_enc + b_enc)
        smallest = z.topk(k, dim=-1).values[:, -1:]
        made = (z * (z >= smallest)) @ W_dec + b_dec
        loss = torch.nn.functional.mse_loss(made, batch, reduction="sum") / len(batch)
        adam.zero_grad()
        loss.backward()
        adam.step()
        with torch.no_grad():
            W_dec /= W_dec.norm(dim=1, keepdim=True)
    trained = dict(zip(("W_enc", "b_enc", "W_dec", "b_dec"), (w.detach() for w in weights), strict=True))
    return unscale(trained, scale)
