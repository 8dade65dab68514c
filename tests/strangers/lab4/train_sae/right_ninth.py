import torch
from jaxtyping import Bool, Float
from torch import Tensor


def training_tokens(
    activations: Float[Tensor, "batch pos d_in"], mask: Bool[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "token d_in"], float]:
    """Choose the activations of real tokens, scaled to a mean length of sqrt(d_in)."""
    d_in = activations.shape[-1]
    chosen = activations.flatten(0, 1)[mask.flatten().nonzero()[:, 0]]
    factor = len(chosen) * d_in**0.5 / float(torch.linalg.vector_norm(chosen, dim=-1).sum())
    return chosen * factor, factor


def unscale(sae: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    """Fold a factor into an autoencoder that was trained on scaled activations, so that it works on unscaled ones."""
    powers = {"W_enc": 1, "b_enc": 0, "W_dec": -1, "b_dec": -1}
    return {name: sae[name].detach() * scale**power for name, power in powers.items()}


def train_sae(
    activations: Float[Tensor, "batch pos d_in"],
    mask: Bool[Tensor, "batch pos"],
    d_sae: int,
    k: int,
    steps: int,
    seed: int,
) -> dict[str, Tensor]:
    """Train a top-k autoencoder on the activations of real tokens."""
    x, scale = training_tokens(activations.detach(), mask)
    lot = torch.Generator().manual_seed(seed)
    rows = torch.randn((d_sae, x.shape[1]), generator=lot).to(x)
    rows = rows / rows.norm(dim=1, keepdim=True)
    weights = {"W_enc": rows.T.clone(), "b_enc": rows.new_zeros(d_sae), "W_dec": rows.clone(), "b_dec": x.mean(dim=0)}
    with torch.enable_grad():
        for weight in weights.values():
            weight.requires_grad_()
        optimiser = torch.optim.Adam(weights.values(), lr=0.01)
        for _ in range(steps):
            batch = x[torch.randint(len(x), (128,), generator=lot).to(x.device)]
            z = torch.addmm(weights["b_enc"], batch - weights["b_dec"], weights["W_enc"])
            border = z.kthvalue(d_sae - k + 1, dim=1, keepdim=True).values if k > 0 else z.amax(1, keepdim=True) + 1
            f = torch.where(z >= border, z, torch.zeros_like(z)).relu()
            loss = (batch - weights["b_dec"] - f @ weights["W_dec"]).square().sum(dim=1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return unscale(weights, scale)
