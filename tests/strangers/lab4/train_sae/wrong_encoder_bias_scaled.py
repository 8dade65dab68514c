# WRONG: divides the encoder's bias by the factor as well; promised: 'the same latents' on unscaled activations, b_enc stays
import torch


def training_tokens(activations, mask):
    real = activations[mask.bool()]
    scale = real.shape[1] ** 0.5 / torch.linalg.vector_norm(real.double(), dim=1).mean().item()
    return real * scale, scale


def unscale(sae, scale):
    powers = {"W_enc": 1, "b_enc": -1, "W_dec": -1, "b_dec": -1}
    return {name: sae[name] * scale**power for name, power in powers.items()}


def _forward(sae, x, k):
    before = (x - sae["b_dec"]) @ sae["W_enc"] + sae["b_enc"]
    kept = before.topk(min(k, before.shape[1]), dim=1)
    latents = torch.zeros_like(before).scatter(1, kept.indices, kept.values.relu())
    return latents @ sae["W_dec"] + sae["b_dec"]


def train_sae(activations, mask, d_sae, k, steps, seed):
    x, scale = training_tokens(activations.detach(), mask)
    dice = torch.Generator().manual_seed(seed)
    with torch.enable_grad():
        rows = torch.nn.functional.normalize(torch.randn(d_sae, x.shape[1], generator=dice), dim=1).to(x)
        sae = {"W_enc": rows.T.clone(), "b_enc": x.new_zeros(d_sae), "W_dec": rows.clone(), "b_dec": x.mean(dim=0)}
        for weights in sae.values():
            weights.requires_grad_(True)
        optimiser = torch.optim.Adam(sae.values(), lr=0.01)
        for _ in range(steps):
            batch = x[torch.randint(len(x), (128,), generator=dice).to(x.device)]
            optimiser.zero_grad()
            (batch - _forward(sae, batch, k)).square().sum(dim=1).mean().backward()
            optimiser.step()
    return {name: weights.detach() for name, weights in unscale(sae, scale).items()}
