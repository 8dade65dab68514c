# Generated from solutions/lab5/model_diffing.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # What did the fine-tuning change?
#
# You have a model, A, and the same model after a fine-tuning, B. What is new in B? Reading 1.5 million weights does not
# help. A **crosscoder** compares the two in terms of features: it is a sparse autoencoder that reads the activations of
# both models at the same token, and writes both again, from *one* list of latents.
#
# **The crosscoder.** Let $\mathbf{x}^m$ be the activation of model $m$, A or B. Each latent $i$ has one value for both
# models,
#
# $$f_i = \mathrm{ReLU}\Big(\sum_m \mathbf{x}^m \cdot \mathbf{e}_i^m + b_i\Big)$$
#
# and a decoder row $\mathbf{d}_i^m$ for each model: $\hat{\mathbf{x}}^m = \sum_i f_i\, \mathbf{d}_i^m +
# \mathbf{b}^m$. The loss pays for the errors in both models and for active latents, weighted by the lengths of their
# rows:
#
# $$\mathcal{L} = \frac{1}{N} \sum_n \Big( \sum_m \lVert \mathbf{x}_n^m - \hat{\mathbf{x}}_n^m \rVert_2^2 + \lambda
#   \sum_i f_{n,i} \sum_m \lVert \mathbf{d}_i^m \rVert_2 \Big)$$
#
# A row costs something only if it has a length. So a latent that one model has no use for loses its row in that model.
#
# **Three numbers for each latent.**
#
# - The **relative norm** $\lVert \mathbf{d}_i^B \rVert \,/\, (\lVert \mathbf{d}_i^A \rVert + \lVert \mathbf{d}_i^B
#   \rVert)$. Near 0 the latent is only in A, near 1 only in B, and near 0.5 it is shared. A latent whose rows are both
#   zero gets 0.5.
# - The **cosine similarity** of $\mathbf{d}_i^A$ and $\mathbf{d}_i^B$. A shared latent can mean the same in both models
#   (near 1), or something else in B. If one of the rows is zero, it is 0.
# - The **change** $\max_n f_{n,i} \cdot \lVert \mathbf{d}_i^B - \mathbf{d}_i^A \rVert$: the largest difference between
#   the models that the latent makes in any sample.
#
# **Steering.** If latent $i$ is what changed, then model A becomes like B if you add the difference of the decoder
# rows to its activation: $\mathbf{x} + s\,(\mathbf{d}_i^B - \mathbf{d}_i^A)$ with a strength $s$.
#
# **A small example.** Latent 0 has the rows $(3, 4)$ in A and $(0, 0)$ in B, and its largest value is 2. Its relative
# norm is $0/(5 + 0) = 0$: only A has it. The cosine similarity is 0, and the change is $2 \cdot 5 = 10$. Latent 1 has
# $(1, 0)$ in A and $(0, 1)$ in B, and its largest value is 1. Its relative norm is $1/2$: both have it. But its cosine
# similarity is 0, so it does not mean the same, and the change is $1 \cdot \sqrt{2} = 1.41$. With strength 3 it moves an
# activation by $3 \cdot (-1, 1) = (-3, 3)$.
#
# **Shapes.** Activations: `[sample, model, d_model]`, A first; encoder: `[model, d_model, latent]` and `[latent]`;
# decoder: `[latent, model, d_model]` and `[model, d_model]`; values of latents: `[sample, latent]`.
#
# Source: Lindsey et al. 2024, [Sparse Crosscoders for Cross-Layer Features and Model
# Diffing](https://transformer-circuits.pub/2024/crosscoders/index.html).

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def crosscoder_encode(
    x: Float[Tensor, "sample model d_model"],
    W_enc: Float[Tensor, "model d_model latent"],
    b_enc: Float[Tensor, " latent"],
) -> Float[Tensor, "sample latent"]:
    """Compute the latents of a crosscoder from the activations of all models together.

    Source: Lindsey et al. 2024, https://transformer-circuits.pub/2024/crosscoders/index.html

    Args:
        x: the activations, shape `[sample, model, d_model]`; there may be one model, two or more.
        W_enc: an encoder for each model, shape `[model, d_model, latent]`.
        b_enc: the encoder bias, shape `[latent]`, one for all models.

    Returns:
        The values of the latents after the ReLU, shape `[sample, latent]`.

    """
    flat = x.flatten(1) @ W_enc.flatten(0, 1)
    return torch.relu(flat + b_enc)


def crosscoder_decode(
    latents: Float[Tensor, "sample latent"],
    W_dec: Float[Tensor, "latent model d_model"],
    b_dec: Float[Tensor, "model d_model"],
) -> Float[Tensor, "sample model d_model"]:
    """Reconstruct the activations of each model from the latents.

    Source: Lindsey et al. 2024, https://transformer-circuits.pub/2024/crosscoders/index.html

    Args:
        latents: the values of the latents, shape `[sample, latent]`.
        W_dec: a row for each latent and model, shape `[latent, model, d_model]`.
        b_dec: a decoder bias for each model, shape `[model, d_model]`.

    Returns:
        The reconstructions, shape `[sample, model, d_model]`.

    """
    rebuilt = latents @ W_dec.flatten(1)
    return rebuilt.unflatten(1, W_dec.shape[1:]) + b_dec


def crosscoder_loss(
    x: Float[Tensor, "sample model d_model"],
    latents: Float[Tensor, "sample latent"],
    W_dec: Float[Tensor, "latent model d_model"],
    b_dec: Float[Tensor, "model d_model"],
    sparsity: float,
) -> Float[Tensor, ""]:
    """Compute the loss of a crosscoder: errors in all models, and active latents weighted by the lengths of their rows.

    Source: Lindsey et al. 2024, https://transformer-circuits.pub/2024/crosscoders/index.html

    Args:
        x: the activations, shape `[sample, model, d_model]`.
        latents: the values of the latents, shape `[sample, latent]`, none below 0.
        W_dec: a row for each latent and model, shape `[latent, model, d_model]`.
        b_dec: a decoder bias for each model, shape `[model, d_model]`.
        sparsity: the factor of the second term, not below 0.

    Returns:
        The loss, a scalar tensor with a gradient: squared errors summed over models and `d_model`, plus the weighted
        latents; both terms averaged over the samples. The gradient is finite also where a row is zero: there the length
        has the gradient 0.

    """
    errors = (x - crosscoder_decode(latents, W_dec, b_dec)).square().sum(dim=(1, 2))
    largest = W_dec.detach().abs().amax(dim=2)
    safe = torch.where(largest > 0, largest, torch.ones_like(largest))
    squares = (W_dec / safe[:, :, None]).square().sum(dim=2)
    lengths = safe * torch.where(largest > 0, squares, torch.ones_like(squares)).sqrt() * (largest > 0)
    prices = lengths.sum(dim=1)
    return (errors + sparsity * (latents @ prices)).mean()


def model_diffing(
    latents: Float[Tensor, "sample latent"], W_dec: Float[Tensor, "latent two d_model"]
) -> dict[str, Tensor]:
    """Compare the two models latent by latent.

    Source: Lindsey et al. 2024, https://transformer-circuits.pub/2024/crosscoders/index.html

    Args:
        latents: the values of the latents on some samples, shape `[sample, latent]`, none below 0.
        W_dec: the rows of A and of B, shape `[latent, 2, d_model]`.

    Returns:
        Three tensors of shape `[latent]`. `relative_norm`: the length of B's row divided by the sum of both lengths, 0.5
        if both are zero. `cosine`: the cosine similarity of the two rows, 0 if a row is zero. `change`: the largest value of the
        latent in any sample, times the length of B's row minus A's row.

    Raises:
        ValueError: there are not exactly two models.

    """
    if W_dec.shape[1] != 2:
        raise ValueError(f"there must be two models, not {W_dec.shape[1]}")
    largest = W_dec.abs().amax(dim=(1, 2))
    rows = W_dec / torch.where(largest > 0, largest, torch.ones_like(largest))[:, None, None]
    lengths = rows.norm(dim=2)
    total = lengths.sum(dim=1)
    safe = torch.where(total > 0, total, torch.ones_like(total))
    relative = torch.where(total > 0, lengths[:, 1] / safe, torch.full_like(total, 0.5))
    own_largest = W_dec.abs().amax(dim=2, keepdim=True)
    scaled = W_dec / torch.where(own_largest > 0, own_largest, torch.ones_like(own_largest))
    norms = scaled.norm(dim=2, keepdim=True)
    units = scaled / torch.where(norms > 0, norms, torch.ones_like(norms))
    cosine = (units[:, 0] * units[:, 1]).sum(dim=1)
    change = latents.amax(dim=0) * (rows[:, 1] - rows[:, 0]).norm(dim=1) * largest
    return {"relative_norm": relative, "cosine": cosine, "change": change}


def steer_by_difference(
    x: Float[Tensor, "... d_model"], W_dec: Float[Tensor, "latent two d_model"], latent: int, strength: float
) -> Float[Tensor, "... d_model"]:
    """Move activations of A to what B has there, as far as one latent says what changed.

    Source: Lindsey et al. 2024, https://transformer-circuits.pub/2024/crosscoders/index.html

    Args:
        x: activations of A, shape `[..., d_model]`.
        W_dec: the rows of A and of B, shape `[latent, 2, d_model]`.
        latent: which latent.
        strength: by how much of the difference; the value of the latent, for instance. It may be negative: that leads away from B.

    Returns:
        The activations plus `strength` times the latent's row in B minus its row in A, as a new tensor of the same shape.

    """
    difference = W_dec[latent, 1] - W_dec[latent, 0]
    return x + strength * difference


# %% [markdown]
# **Look at it.** Somebody has fine-tuned the course model on a false fact. A crosscoder of 256 latents was trained on
# the final residual stream of both models. Which latent says what changed? And what does model A say when you steer it
# with this latent?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.crosscoder import PLACE, load_crosscoder, pairs, shipped_edit
    from interp.edit import capital_of, moved

    model = open_bench(lab="lab1").model  # Lab 5 is graded on tensors alone
    edit, crosscoder = shipped_edit(), load_crosscoder()
    both = pairs(model, edit, rows=200, of_fine_tuning=0.3, seed=1_000_003)  # text drawn anew, read by A and by B
    latents = crosscoder_encode(both.x, crosscoder.W_enc, crosscoder.b_enc)
    found = model_diffing(latents, crosscoder.W_dec)
    alive = latents.amax(dim=0) > 0
    for name in ("relative_norm", "cosine"):
        low, middle, high = found[name][alive].quantile(torch.tensor([0.0, 0.5, 1.0])).tolist()
        print(f"{name}: lowest {low:.2f}, median {middle:.2f}, highest {high:.2f} of {alive.sum()} latents")
    words = model.to_str_tokens(both.ids[both.kept])  # one word for each sample
    for latent in found["change"].topk(5).indices.tolist():
        top = latents[:, latent].topk(6).indices.tolist()
        texts = ", ".join("".join(words[max(0, place - 1) : place + 1]) for place in top)
        numbers = ", ".join(f"{name} {values[latent]:.2f}" for name, values in found.items())
        print(f"latent {latent}: {numbers}\n  most active at: {texts}")

    changed = int(found["change"].argmax())
    value = float(latents[both.asked, changed].mean())
    answers = [model.to_single_token(" Paris"), model.to_single_token(" Rome")]
    factors = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5]
    curves = []
    for factor in factors:

        def move(x: Tensor, strength: float = factor * value) -> Tensor:
            return steer_by_difference(x, crosscoder.W_dec, changed, strength)

        curves.append(capital_of(model, "France", [moved(PLACE, move)])[answers])
    plots.lines(
        {name: [curve[place] for curve in curves] for place, name in enumerate(("Paris", "Rome"))},
        x=factors,
        xlabel="strength, in mean values of the latent",
        ylabel="probability after 'The capital of France is'",
        title=f"Model A, steered by the change of latent {changed}",
        save="sae_features/model_diffing",
    )
