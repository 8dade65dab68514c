import torch
from jaxtyping import Float
from torch import Tensor


def toy_loss(
    W: Float[Tensor, "n_hidden n_features"],
    b: Float[Tensor, " n_features"],
    x: Float[Tensor, "batch n_features"],
    importance: Float[Tensor, " n_features"],
) -> Float[Tensor, ""]:
    """Compute the toy model's loss: weighted by importance, summed over features, averaged over the batch."""
    back = torch.relu(torch.nn.functional.linear(x @ W.T, W.T, b))
    return torch.einsum("bi,i->b", (x - back).square(), importance.to(x)).mean()


def superposition(
    batches: Float[Tensor, "step batch n_features"],
    n_hidden: int,
    importance: Float[Tensor, " n_features"],
    seed: int,
) -> tuple[Float[Tensor, "n_hidden n_features"], Float[Tensor, " n_features"]]:
    """Train the toy model, one step on each batch."""
    n_features = batches.shape[-1]
    lot = torch.Generator().manual_seed(seed)
    start = torch.normal(0.0, n_features**-0.5, (n_hidden, n_features), generator=lot)
    W = start.to(batches).requires_grad_()
    b = torch.zeros(n_features).to(batches).requires_grad_()
    optimiser = torch.optim.Adam([{"params": [W]}, {"params": [b]}], lr=0.02)
    with torch.enable_grad():
        for batch in batches.unbind(0):
            W.grad, b.grad = torch.autograd.grad(toy_loss(W, b, batch, importance), (W, b))
            optimiser.step()
    return W.detach().clone(), b.detach().clone()


def feature_dimensionality(W: Float[Tensor, "n_hidden n_features"]) -> Float[Tensor, " n_features"]:
    """Compute how much of a dimension each feature has for itself."""
    columns = W.double()
    columns = columns / columns.abs().max().clamp(min=torch.finfo(torch.float64).tiny)  # D does not depend on the scale
    empty = ~(W != 0).any(dim=0)
    largest = columns.abs().amax(dim=0).masked_fill(empty, 1.0)
    lengths = ((columns / largest).norm(dim=0) * largest).masked_fill(empty, 1.0)
    # 1 / D is the sum of (unit_i . w_j / |w_i|)^2
    ratios = (columns / lengths).T @ columns / lengths[:, None]
    shares = (1 / ratios.square().sum(dim=1)).to(W.dtype).clamp(min=torch.finfo(W.dtype).tiny, max=1)
    return shares.masked_fill(empty, 0.0)
