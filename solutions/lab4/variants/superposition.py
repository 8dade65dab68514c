"""Right and wrong ways to train the toy model and to read it."""

import random

import numpy as np
import torch

from mechgrade.authoring.variants import accepted, misconception


def start_of(batches, n_hidden, seed):
    """Weights to begin with, that gradients reach."""
    n = batches.shape[-1]
    W = torch.randn(n_hidden, n, generator=torch.Generator().manual_seed(seed)) / n**0.5
    return W.to(batches).requires_grad_(), batches.new_zeros(n).requires_grad_()


def right_loss(W, b, x, importance):
    """The loss as it should be, for what trains."""
    return (importance * (x - torch.relu(x @ W.T @ W + b)) ** 2).sum(-1).mean()


def parts_of(W):
    """Squared lengths, and squared dot products of unit columns (rows of the result) with columns."""
    return (W**2).sum(0), (torch.nn.functional.normalize(W, dim=0).T @ W) ** 2


def trained_with(batches, n_hidden, importance, seed):
    """The weights after training by the recipe."""
    W, b = start_of(batches, n_hidden, seed)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            optimiser.zero_grad()
            right_loss(W, b, x, importance).backward()
            optimiser.step()
    return W.detach(), b.detach()


@accepted(replaces="toy_loss")
def by_einsum(W, b, x, importance):
    """Two contractions; the mean over all entries times the number of features."""
    hidden = torch.einsum("hf,bf->bh", W, x)
    back = (torch.einsum("hf,bh->bf", W, hidden) + b).clamp(min=0)
    return ((back - x).square() * importance).mean() * x.shape[1]


@accepted
def with_momentum(batches, n_hidden, importance, seed):
    """Gradients by torch.autograd.grad, and a hand-written Adam, another start and a learning rate that decays."""
    W, b = start_of(batches, n_hidden, seed + 12345)
    W, b = (W * 0.5).detach().requires_grad_(), b
    state = [(torch.zeros_like(p), torch.zeros_like(p)) for p in (W, b)]
    with torch.enable_grad():
        for step, x in enumerate(batches, 1):
            gradients = torch.autograd.grad(right_loss(W, b, x, importance), [W, b])
            rate = 0.04 * (1 - (step - 1) / len(batches))
            for p, g, (first, second) in zip((W, b), gradients, state, strict=True):
                first.mul_(0.9).add_(g, alpha=0.1)
                second.mul_(0.999).addcmul_(g, g, value=0.001)
                p.data -= rate * (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
    return W.detach(), b.detach()


@accepted
def as_a_module(batches, n_hidden, importance, seed):
    """A module with parameters, AdamW without decay, started under a fork of the random state."""
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        model = torch.nn.ParameterDict(
            {
                "W": torch.nn.Parameter(
                    torch.nn.init.xavier_normal_(torch.empty(n_hidden, batches.shape[2])).to(batches)
                ),
                "b": torch.nn.Parameter(torch.zeros(batches.shape[2]).to(batches)),
            }
        )
        optimiser = torch.optim.AdamW(model.parameters(), lr=0.025, weight_decay=0.0)
        for step in range(batches.shape[0]):
            optimiser.zero_grad(set_to_none=True)
            right_loss(model["W"], model["b"], batches[step], importance).backward()
            optimiser.step()
    return model["W"].detach(), model["b"].detach()


@accepted(replaces="feature_dimensionality")
def by_features(W):
    """Feature by feature, from the definition."""
    shares = []
    for i in range(W.shape[1]):
        length = torch.linalg.vector_norm(W[:, i])
        if length == 0:
            shares.append(W.new_zeros(()))
            continue
        dots = torch.stack([torch.dot(W[:, i], W[:, j]) / length for j in range(W.shape[1])])
        shares.append(length**2 / (dots**2).sum())
    return torch.stack(shares)


@accepted(replaces="feature_dimensionality")
def by_gram_matrix(W):
    """From the matrix of all dot products: its squared diagonal over its rows' squares."""
    gram = W.T @ W
    return gram.diagonal() ** 2 / (gram**2).sum(1).clamp(min=torch.finfo(W.dtype).tiny)


@misconception(
    "Your loss leaves the importance out, so every feature counts the same. Multiply each squared error by the feature's "
    "importance before you sum.",
    replaces="toy_loss",
)
def ignores_importance(W, b, x, importance):
    return ((x - torch.relu(x @ W.T @ W + b)) ** 2).sum(-1).mean()


@misconception(
    "Your toy model has no ReLU at its end. A linear model cannot hold more features than dimensions without paying for it: "
    "the ReLU is what makes superposition worth while.",
    replaces="toy_loss",
)
def no_relu(W, b, x, importance):
    return (importance * (x - (x @ W.T @ W + b)) ** 2).sum(-1).mean()


@misconception(
    "Your ReLU is on the hidden layer. The hidden layer is linear in this model; the ReLU comes after the way back, around "
    "$W^\\top h + b$.",
    replaces="toy_loss",
)
def relu_on_hidden(W, b, x, importance):
    return (importance * (x - (torch.relu(x @ W.T) @ W + b)) ** 2).sum(-1).mean()


@misconception(
    "You take the mean over the features too, so the loss is smaller by their number. Sum over the features, and take the "
    "mean over the batch alone.",
    replaces="toy_loss",
)
def mean_over_features(W, b, x, importance):
    return (importance * (x - torch.relu(x @ W.T @ W + b)) ** 2).mean()


@misconception(
    "You weight the error before squaring it, so the importance is squared as well. It belongs outside the square.",
    replaces="toy_loss",
)
def squared_importance(W, b, x, importance):
    return (importance * (x - torch.relu(x @ W.T @ W + b))).pow(2).sum(-1).mean()


@misconception(
    "Your loss does not use the bias `b`. It is what a feature without a direction is guessed by.",
    replaces="toy_loss",
)
def forgets_bias(W, b, x, importance):
    return (importance * (x - torch.relu(x @ W.T @ W + 0 * b)) ** 2).sum(-1).mean()


@misconception(
    "Your gradients pile up: they are never set to zero, and each step follows the sum of all gradients so far. Call "
    "`optimiser.zero_grad()` once for each batch."
)
def gradients_pile_up(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, seed)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            right_loss(W, b, x, importance).backward()
            optimiser.step()
    return W.detach(), b.detach()


@misconception(
    "What you return has hardly been trained: it is what one step makes of the start. Is your `return` inside the loop?"
)
def returns_in_the_loop(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, seed)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            right_loss(W, b, x, importance).backward()
            optimiser.step()
            break
    return W.detach(), b.detach()


@misconception(
    "Your weights do not depend on the batches, and your bias is 0: you return the start, untouched. Does the optimiser know the very "
    "tensors that you return, and is `step` called?"
)
def never_steps(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, seed)
    with torch.enable_grad():
        for x in batches:
            right_loss(W, b, x, importance).backward()
    return W.detach(), b.detach()


@misconception(
    "Only `W` is trained: your bias is 0 throughout. Give the optimiser both, `[W, b]`. The bias is how the model guesses "
    "features that have no direction."
)
def bias_not_trained(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, seed)
    optimiser = torch.optim.Adam([W], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            loss = right_loss(W, b, x, importance)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return W.detach(), b.detach()


@misconception(
    "All columns of your `W` have the same length: do you bring them to length 1? Then every feature has a direction, wanted or not. "
    "Here the lengths are part of the answer: unimportant features may have none."
)
def unit_columns(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, seed)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            loss = right_loss(W, b, x, importance)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            W.data /= W.data.norm(dim=0)
    return W.detach(), b.detach()


@misconception(
    "You seed PyTorch's global random state. Whoever calls your function loses their own random numbers: use a "
    "`torch.Generator` of your own."
)
def seeds_globally(batches, n_hidden, importance, seed):
    torch.manual_seed(seed)
    n = batches.shape[2]
    W = (torch.randn(n_hidden, n) / n**0.5).to(batches).requires_grad_()
    b = batches.new_zeros(n).requires_grad_()
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            loss = right_loss(W, b, x, importance)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return W.detach(), b.detach()


@misconception(
    "You sum over the other features alone. The sum includes the feature itself, so that a feature with a dimension of its "
    "own has the value 1.",
    replaces="feature_dimensionality",
)
def without_itself(W):
    squares, dots = parts_of(W)
    return squares / (dots.sum(1) - dots.diagonal()).clamp(min=1e-6)


@misconception(
    "You sum over the other features alone, and cut what is then above 1. The sum includes the feature itself, so that no number is above 1.",
    replaces="feature_dimensionality",
)
def without_itself_cut_at_one(W):
    squares, dots = parts_of(W)
    others = dots.fill_diagonal_(0).sum(1)
    return torch.where(squares > 0, (squares / others).clamp(max=1), 0)


@misconception(
    "You sum the dot products as they are, so that positive and negative ones cancel. Square each of them first.",
    replaces="feature_dimensionality",
)
def dots_not_squared(W):
    shared = (torch.nn.functional.normalize(W, dim=0).T @ W).sum(1)
    return torch.where(shared == 0, 0, (W**2).sum(0) / shared)


@misconception(
    "You normalise both sides of the dot products. Only $\\hat w_i$ is a unit vector; the $w_j$ keep their lengths, so that "
    "features with short directions disturb little.",
    replaces="feature_dimensionality",
)
def both_normalised(W):
    unit = torch.nn.functional.normalize(W, dim=0)
    shared = ((unit.T @ unit) ** 2).sum(1)
    return torch.where(shared > 0, (W**2).sum(0) / shared.clamp(min=1e-6), 0)


@misconception(
    "Your numbers are $1 / \\sum_j (\\hat w_i \\cdot \\hat w_j)^2$: either all vectors have length 1, or the sum runs over the wrong axis of the "
    "table of dot products. Only $\\hat w_i$ is a unit vector, and the sum runs over $j$.",
    replaces="feature_dimensionality",
)
def sums_over_i(W):
    squares, dots = parts_of(W)
    shared = dots.sum(0)
    return torch.where(shared > 0, squares / shared, 0)


@misconception(
    "Where a feature has no direction you divide 0 by 0. Its dimensionality is 0 by agreement.",
    replaces="feature_dimensionality",
)
def divides_by_zero(W):
    squares, dots = parts_of(W)
    return squares / dots.sum(1)


@misconception(
    "You sum over the batch. Take the mean over the batch, and the sum over the features.",
    replaces="toy_loss",
)
def summed_over_the_batch(W, b, x, importance):
    return (importance * (x - torch.relu(x @ W.T @ W + b)) ** 2).sum()


@misconception(
    "Only features that are active in the input count in your loss. A feature that is 0 and comes back as "
    "something else is an error too.",
    replaces="toy_loss",
)
def only_active_features(W, b, x, importance):
    return (importance * (x > 0) * (x - torch.relu(x @ W.T @ W + b)) ** 2).sum(-1).mean()


@misconception(
    "You add the bias after the ReLU. It belongs inside: `relu(W.T h + b)`.",
    replaces="toy_loss",
)
def bias_after_relu(W, b, x, importance):
    return (importance * (x - (torch.relu(x @ W.T @ W) + b)) ** 2).sum(-1).mean()


@misconception(
    "You have a ReLU on the hidden layer as well. The hidden layer is linear in this model; only the way back "
    "ends in a ReLU.",
    replaces="toy_loss",
)
def relu_on_both(W, b, x, importance):
    return (importance * (x - torch.relu(torch.relu(x @ W.T) @ W + b)) ** 2).sum(-1).mean()


@misconception(
    "Your loss is right, but its gradient by `W` takes one of the two ways only: `W` is detached in the other. "
    "`W` is used twice, and gradients flow through both.",
    replaces="toy_loss",
)
def gradient_one_way(W, b, x, importance):
    return (importance * (x - torch.relu(x @ W.T.detach() @ W + b)) ** 2).sum(-1).mean()


@misconception(
    "You divide the importances by their sum. Use them as they are.",
    replaces="toy_loss",
)
def normalised_importance(W, b, x, importance):
    return (importance / importance.sum() * (x - torch.relu(x @ W.T @ W + b)) ** 2).sum(-1).mean()


@misconception(
    "Your loss has an axis of length one. A tensor without axes is asked for.",
    replaces="toy_loss",
)
def one_axis(W, b, x, importance):
    return right_loss(W, b, x, importance)[None]


@misconception(
    "Another first batch gives the very same weights: your training leaves the first batch out. Take one step on each batch, the first one "
    "included.",
)
def leaves_out_the_first_batch(batches, n_hidden, importance, seed):
    return trained_with(batches[1:], n_hidden, importance, seed)


@misconception(
    "Another last batch gives the very same weights. Take one step on each batch, not all steps on the first one.",
)
def first_batch_again(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, seed)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for _ in batches:
            optimiser.zero_grad()
            right_loss(W, b, batches[0], importance).backward()
            optimiser.step()
    return W.detach(), b.detach()


@misconception(
    "Two different seeds give the same weights. Hand `seed` to the generator that draws the start.",
)
def ignores_the_seed(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, 0)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            optimiser.zero_grad()
            right_loss(W, b, x, importance).backward()
            optimiser.step()
    return W.detach(), b.detach()


@misconception(
    "What you return wants gradients. Return `W.detach()` and `b.detach()`.",
)
def keeps_gradients(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, seed)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            optimiser.zero_grad()
            right_loss(W, b, x, importance).backward()
            optimiser.step()
    return W, b


@misconception(
    "Your `W` is `[n_features, n_hidden]`. It should be `[n_hidden, n_features]`, one column for each feature.",
)
def features_first(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, seed)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            optimiser.zero_grad()
            right_loss(W, b, x, importance).backward()
            optimiser.step()
    return W.detach().T, b.detach()


@misconception(
    "The same seed gives other weights each time, and PyTorch's global random state has moved: something is drawn from it. Use a "
    "`torch.Generator` with `seed`.",
)
def start_from_the_global_state(batches, n_hidden, importance, seed):
    n = batches.shape[2]
    W, b = (torch.randn(n_hidden, n) / n**0.5).to(batches).requires_grad_(), batches.new_zeros(n).requires_grad_()
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            optimiser.zero_grad()
            right_loss(W, b, x, importance).backward()
            optimiser.step()
    return W.detach(), b.detach()


def with_zero_below(length, W):
    """0 for columns that are not as long."""
    squares, dots = parts_of(W)
    return torch.where(squares.sqrt() > length, squares / dots.sum(1).clamp(min=1e-30), 0)


@misconception(
    "You give 0 to features whose column is short. Only a column that is all zeros has 0; the dimensionality does "
    "not depend on the lengths alone.",
    replaces="feature_dimensionality",
)
def short_is_zero(W):
    return with_zero_below(0.1, W)


@misconception(
    "You take short columns for zero, so their features get 0. Only a column that is all zeros has 0, however short the others are.",
    replaces="feature_dimensionality",
)
def rather_short_is_zero(W):
    return with_zero_below(1e-3, W)


@misconception(
    "You give 0 to features whose column is very short, as if it were all zeros. Its direction is as good as that of a long one: only a "
    "column that is all zeros has 0.",
    replaces="feature_dimensionality",
)
def very_short_is_zero(W):
    return with_zero_below(1e-6, W)


@misconception(
    "You add a small number below the line, which outweighs short columns. Only a column that is all zeros needs care.",
    replaces="feature_dimensionality",
)
def adds_a_small_number(W):
    squares, dots = parts_of(W)
    return squares / (dots.sum(1) + 1e-3)


@misconception(
    "You add about 1e-6 below the line, which outweighs very short columns. Only a column that is all zeros needs care.",
    replaces="feature_dimensionality",
)
def adds_a_millionth(W):
    squares, dots = parts_of(W)
    return squares / (dots.sum(1) + 1e-6)


@misconception(
    "You add about 1e-8 below the line, which outweighs very short columns. Only a column that is all zeros needs care.",
    replaces="feature_dimensionality",
)
def adds_a_smaller_number(W):
    squares, dots = parts_of(W)
    return squares / (dots.sum(1) + 1e-8)


@misconception(
    "You add about 1e-12 below the line, which outweighs very short columns. Only a column that is all zeros needs care.",
    replaces="feature_dimensionality",
)
def adds_a_tiny_number(W):
    squares, dots = parts_of(W)
    return squares / (dots.sum(1) + 1e-12)


@misconception(
    "You sum the absolute values of the dot products. Sum their squares.",
    replaces="feature_dimensionality",
)
def absolute_values(W):
    squares, dots = parts_of(W)
    shared = dots.sqrt().sum(1)
    return torch.where(shared > 0, squares / shared, 0)


@misconception(
    "Your numbers are $1 / \\sum_j (\\hat w_i \\cdot w_j)^2$: the squared length is missing above the line, or it cancels, as the first vector of "
    "each dot product is the column itself and no unit vector.",
    replaces="feature_dimensionality",
)
def not_a_unit_vector(W):
    shared = ((W.T @ W) ** 2).sum(1)
    return torch.where(shared > 0, (W**2).sum(0) / shared, 0)


@misconception(
    "A feature without a direction gets 1. Its dimensionality is 0 by agreement.",
    replaces="feature_dimensionality",
)
def zero_column_has_one(W):
    squares, dots = parts_of(W)
    shared = dots.sum(1)
    return torch.where(shared > 0, squares / shared, 1)


@misconception(
    "Your trained model treats all features alike. Look at the loss that you train with: does it use the `importance` that you were given?",
)
def trains_without_importance(batches, n_hidden, importance, seed):
    return trained_with(batches, n_hidden, torch.ones_like(importance), seed)


@misconception(
    "You take the absolute value of each error. The loss has the square of each error.",
    replaces="toy_loss",
)
def absolute_errors(W, b, x, importance):
    return (importance * (x - torch.relu(x @ W.T @ W + b)).abs()).sum(-1).mean()


@misconception(
    "Your loss has no gradient by `b`: the bias is detached. Gradients flow to `W` and `b`.",
    replaces="toy_loss",
)
def no_gradient_to_b(W, b, x, importance):
    return (importance * (x - torch.relu(x @ W.T @ W + b.detach())) ** 2).sum(-1).mean()


@misconception(
    "NumPy's global random state is another one after your call. Whoever calls your function loses their own random numbers: use a "
    "`torch.Generator` of your own."
)
def seeds_numpy(batches, n_hidden, importance, seed):
    np.random.seed(seed)
    return trained_with(batches, n_hidden, importance, int(np.random.randint(2**31)))


@misconception(
    "The global random state of Python's `random` is another one after your call. Whoever calls your function loses their own random "
    "numbers: use a `torch.Generator` of your own."
)
def seeds_python(batches, n_hidden, importance, seed):
    random.seed(seed)
    return trained_with(batches, n_hidden, importance, random.randrange(2**31))


@misconception("Your `b` has an axis of length one too many. Its shape should be `[n_features]`.")
def bias_with_an_axis(batches, n_hidden, importance, seed):
    W, b = trained_with(batches, n_hidden, importance, seed)
    return W, b[None]


@misconception(
    "Your training stops with an error where gradients are switched off. Train inside `torch.enable_grad()`."
)
def needs_gradients_on(batches, n_hidden, importance, seed):
    W, b = start_of(batches, n_hidden, seed)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    for x in batches:
        optimiser.zero_grad()
        right_loss(W, b, x, importance).backward()
        optimiser.step()
    return W.detach(), b.detach()


_GENERATORS = {}


@misconception(
    "The same seed gives other weights at the second call, though no global random state has moved: something is kept between calls, such as "
    "a generator that goes on where it was. Make a new generator in each call, and seed it with `seed`."
)
def keeps_its_generator(batches, n_hidden, importance, seed):
    generator = _GENERATORS.setdefault(seed, torch.Generator().manual_seed(seed))
    n = batches.shape[-1]
    W = (torch.randn(n_hidden, n, generator=generator) / n**0.5).to(batches).requires_grad_()
    b = batches.new_zeros(n).requires_grad_()
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    with torch.enable_grad():
        for x in batches:
            optimiser.zero_grad()
            right_loss(W, b, x, importance).backward()
            optimiser.step()
    return W.detach(), b.detach()


@misconception("You return `b` first. The order is `W`, then `b`.")
def bias_first(batches, n_hidden, importance, seed):
    W, b = trained_with(batches, n_hidden, importance, seed)
    return b, W


@misconception("You subtract the bias. It is added inside the ReLU: `relu(W.T h + b)`.", replaces="toy_loss")
def subtracts_the_bias(W, b, x, importance):
    return (importance * (x - torch.relu(x @ W.T @ W - b)) ** 2).sum(-1).mean()


@misconception("Your loss has a factor of one half. The formula has none.", replaces="toy_loss")
def half_of_the_squares(W, b, x, importance):
    return right_loss(W, b, x, importance) / 2


@misconception(
    "You weigh each error by the root of its importance. Multiply the square by the importance itself.",
    replaces="toy_loss",
)
def root_of_importance(W, b, x, importance):
    return (importance.sqrt() * (x - torch.relu(x @ W.T @ W + b)) ** 2).sum(-1).mean()


@misconception(
    "You take a root of the sum over the features: it is a distance. The loss is the sum of the weighted squares itself.",
    replaces="toy_loss",
)
def distance(W, b, x, importance):
    return ((importance * (x - torch.relu(x @ W.T @ W + b)) ** 2).sum(-1) + 1e-12).sqrt().mean()


@misconception(
    "You weigh the features in the input too: `x` is multiplied by the importance before it goes through the model. It weighs the errors alone.",
    replaces="toy_loss",
)
def importance_in_the_input(W, b, x, importance):
    return (importance * (x - torch.relu((importance * x) @ W.T @ W + b)) ** 2).sum(-1).mean()


@misconception(
    "Above the line you have the length of the column. It is the *squared* length.",
    replaces="feature_dimensionality",
)
def length_not_squared(W):
    squares, dots = parts_of(W)
    shared = dots.sum(1)
    return torch.where(shared > 0, squares.sqrt() / shared.clamp(min=1e-30), 0)


@misconception(
    "You take the rows of `W`: your result has one number for each hidden dimension. A feature's direction is a *column*.",
    replaces="feature_dimensionality",
)
def rows_for_columns(W):
    squares, dots = parts_of(W.T)
    shared = dots.sum(1)
    return torch.where(shared > 0, squares / shared.clamp(min=1e-30), 0)


@misconception(
    "You return the sum below the line as a share of the squared length: your fraction is upside down.",
    replaces="feature_dimensionality",
)
def upside_down(W):
    squares, dots = parts_of(W)
    return torch.where(squares > 0, dots.sum(1) / squares.clamp(min=1e-30), 0)


@misconception(
    "You return how much of each feature is disturbed by the others: 1 minus the dimensionality.",
    replaces="feature_dimensionality",
)
def interference(W):
    squares, dots = parts_of(W)
    shared = dots.sum(1)
    return 1 - torch.where(shared > 0, squares / shared.clamp(min=1e-30), 0)
