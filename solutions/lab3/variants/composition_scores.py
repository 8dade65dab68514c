"""Right and wrong ways to score the composition of heads."""

import torch
from transformer_lens import FactoredMatrix

from mechgrade.authoring.variants import accepted, misconception


def frobenius(matrix):
    return matrix.pow(2).sum((-2, -1)).sqrt()


def pairwise(first, second):
    """The composition score of each of some matrices with each of some others: [early, late]."""
    products = torch.einsum("eab,lbc->elac", first, second)
    return frobenius(products) / (frobenius(first)[:, None] * frobenius(second))


def matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    """Early OV, late QK, late OV."""
    return early_W_V @ early_W_O, late_W_Q @ late_W_K.mT, late_W_V @ late_W_O


def random_pair(d_model, d_head, generator, draw=torch.randn):
    """Two random matrices of rank d_head."""
    return [draw(d_model, d_head, generator=generator) @ draw(d_head, d_model, generator=generator) for _ in range(2)]


@accepted
def by_loop(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    """One pair at a time, in float64."""
    kinds = {"Q": [], "K": [], "V": []}
    for v1, o1 in zip(early_W_V.double(), early_W_O.double(), strict=True):
        rows = {"Q": [], "K": [], "V": []}
        for q, k, v2, o2 in zip(*(w.double() for w in (late_W_Q, late_W_K, late_W_V, late_W_O)), strict=True):
            a = v1 @ o1
            for kind, b in (("Q", q @ k.T), ("K", k @ q.T), ("V", v2 @ o2)):
                rows[kind].append(torch.linalg.norm(a @ b) / torch.linalg.norm(a) / torch.linalg.norm(b))
        for kind in kinds:
            kinds[kind].append(torch.stack(rows[kind]))
    return {kind: torch.stack(rows).to(early_W_V.dtype) for kind, rows in kinds.items()}


@accepted
def by_factored_matrix(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    """The library's factored products and norms."""
    early = FactoredMatrix(early_W_V[:, None], early_W_O[:, None])
    late = {
        "Q": FactoredMatrix(late_W_Q[None], late_W_K.mT[None]),
        "K": FactoredMatrix(late_W_K[None], late_W_Q.mT[None]),
        "V": FactoredMatrix(late_W_V[None], late_W_O[None]),
    }
    return {kind: (early @ other).norm() / (early.norm() * other.norm()) for kind, other in late.items()}


@accepted
def by_traces(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    """The squared norm of a product is a trace of Gram matrices."""
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)

    def score(first, second):
        left, right = first.mT @ first, second @ second.mT
        squares = torch.einsum("eab,lba->el", left, right)
        sizes = torch.einsum("eaa->e", left)[:, None] * torch.einsum("laa->l", right)
        return (squares / sizes).sqrt()

    return {"Q": score(ov, qk), "K": score(ov, qk.mT), "V": score(ov, late_ov)}


@accepted(replaces="random_baseline")
def baseline_at_once(d_model, d_head, samples, seed):
    """All pairs in one batch, in float64, from NumPy's generator."""
    import numpy as np

    draw = np.random.default_rng(seed).standard_normal
    first = draw((samples, d_model, d_head)) @ draw((samples, d_head, d_model))
    second = draw((samples, d_model, d_head)) @ draw((samples, d_head, d_model))
    norm = [np.linalg.norm(each, axis=(1, 2)) for each in (first @ second, first, second)]
    return float((norm[0] / norm[1] / norm[2]).mean())


@misconception(
    "You leave out the division by the norms of the two matrices. Heads with large weights then seem to be wired to "
    "everything. A score should stay the same when a matrix is multiplied by 10."
)
def not_normalised(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    pairs = {"Q": qk, "K": qk.mT, "V": late_ov}
    return {kind: frobenius(torch.einsum("eab,lbc->elac", ov, b)) for kind, b in pairs.items()}


@misconception(
    "Your products are in the wrong order: you let the later head act first. With vectors as rows, the matrix that acts "
    "first stands on the left."
)
def order_swapped(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": pairwise(qk, ov).T, "K": pairwise(qk.mT, ov).T, "V": pairwise(late_ov, ov).T}


@misconception(
    "Your Q- and K-composition are exchanged. In the score of a query x and a key y, x W_QK yᵀ, the query meets W_QK "
    "from the left as it stands; it is the key that meets its transpose."
)
def q_and_k_exchanged(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": pairwise(ov, qk.mT), "K": pairwise(ov, qk), "V": pairwise(ov, late_ov)}


@misconception(
    "Your Q- and K-composition use only the later head's query or key matrix. The score is a product of both, and the "
    "definition asks how much of the whole QK matrix can see what the early head writes."
)
def half_of_qk(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, _, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": pairwise(ov, late_W_Q), "K": pairwise(ov, late_W_K), "V": pairwise(ov, late_ov)}


@misconception(
    "Your V-composition multiplies by the later head's value matrix alone. What that head passes on goes through its "
    "output matrix too: take the whole OV matrix, as you do for the early head."
)
def value_matrix_alone(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, _ = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": pairwise(ov, qk), "K": pairwise(ov, qk.mT), "V": pairwise(ov, late_W_V)}


@misconception(
    "You use the spectral norm, the largest singular value. The definition has the Frobenius norm, in which all "
    "directions count: the root of the sum of all squared entries."
)
def spectral_norm(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)

    def score(first, second):
        def size(matrix):
            return torch.linalg.matrix_norm(matrix, ord=2)

        return size(first[:, None] @ second) / (size(first)[:, None] * size(second))

    return {"Q": score(ov, qk), "K": score(ov, qk.mT), "V": score(ov, late_ov)}


@misconception("Your scores are squared: the Frobenius norm is the *root* of the sum of squares.")
def squared(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": pairwise(ov, qk) ** 2, "K": pairwise(ov, qk.mT) ** 2, "V": pairwise(ov, late_ov) ** 2}


@misconception(
    "Your numbers are right, but the axes are exchanged: the result should be `[early, late]`, and yours is `[late, "
    "early]`. With as many heads in both layers nobody would notice."
)
def late_before_early(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": pairwise(ov, qk).T, "K": pairwise(ov, qk.mT).T, "V": pairwise(ov, late_ov).T}


@misconception(
    "Your early heads run backwards: you use the transpose of their OV matrices. A head reads with `W_V` and writes with "
    "`W_O`, and what counts here is where it *writes*."
)
def early_transposed(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": pairwise(ov.mT, qk), "K": pairwise(ov.mT, qk.mT), "V": pairwise(ov.mT, late_ov)}


@misconception(
    "Your baseline is far too high, as if all entries of the random matrices were positive, as those of `torch.rand` are. Such "
    "matrices point in nearly the same direction. Standard normal numbers have mean 0.",
    replaces="random_baseline",
)
def uniform_numbers(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = []
    for _ in range(samples):
        first, second = random_pair(d_model, d_head, generator, torch.rand)
        scores.append((first @ second).norm() / first.norm() / second.norm())
    return torch.stack(scores).mean().item()


@misconception(
    "Your baseline changes PyTorch's global random state. Whoever draws random numbers afterwards gets others than before, and "
    "will not know why. Seed a generator of your own, and draw from it.",
    replaces="random_baseline",
)
def global_seed(d_model, d_head, samples, seed):
    torch.manual_seed(seed)
    scores = []
    for _ in range(samples):
        first, second = random_pair(d_model, d_head, None)
        scores.append((first @ second).norm() / first.norm() / second.norm())
    return torch.stack(scores).mean().item()


@misconception(
    "Your baseline ignores the seed: the same call gives another number each time, so that nobody can repeat your "
    "measurement. Give the seed to the generator that you draw from.",
    replaces="random_baseline",
)
def no_seed(d_model, d_head, samples, seed):
    generator = torch.Generator()
    generator.seed()
    scores = []
    for _ in range(samples):
        first, second = random_pair(d_model, d_head, generator)
        scores.append((first @ second).norm() / first.norm() / second.norm())
    return torch.stack(scores).mean().item()


@misconception(
    "Your baseline is about twice as high as it should be. This happens when the two matrices of a pair share a factor. They "
    "must be independent: draw all four factors anew for each pair.",
    replaces="random_baseline",
)
def with_itself(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = []
    for _ in range(samples):
        first, _ = random_pair(d_model, d_head, generator)
        scores.append((first.T @ first).norm() / first.norm() / first.norm())
    return torch.stack(scores).mean().item()


@misconception(
    "Your baseline adds the scores up and does not divide by the number of pairs.",
    replaces="random_baseline",
)
def summed(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = []
    for _ in range(samples):
        first, second = random_pair(d_model, d_head, generator)
        scores.append((first @ second).norm() / first.norm() / second.norm())
    return torch.stack(scores).sum().item()


@misconception(
    "Your K-composition is the same as your Q-composition. On the key side the early head's output meets the *transpose* of the "
    "later head's QK matrix."
)
def k_as_q(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": pairwise(ov, qk), "K": pairwise(ov, qk), "V": pairwise(ov, late_ov)}


@misconception(
    "You divide by the norms of all four weight matrices. Divide by the norms of the two products: the early head's OV matrix, and "
    "the matrix of the later head."
)
def norms_of_all_factors(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    early = (frobenius(early_W_V) * frobenius(early_W_O))[:, None]
    pairs = {"Q": (qk, late_W_Q, late_W_K), "K": (qk.mT, late_W_Q, late_W_K), "V": (late_ov, late_W_V, late_W_O)}
    return {
        kind: frobenius(ov[:, None] @ b) / (early * frobenius(one) * frobenius(other))
        for kind, (b, one, other) in pairs.items()
    }


@misconception(
    "For the early head you multiply the norms of its two weight matrices. Divide by the norm of their product, the OV matrix."
)
def norms_of_the_early_factors(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    ratio = (frobenius(ov) / (frobenius(early_W_V) * frobenius(early_W_O)))[:, None]
    pairs = {"Q": qk, "K": qk.mT, "V": late_ov}
    return {kind: pairwise(ov, b) * ratio for kind, b in pairs.items()}


@misconception(
    "You divide by one norm for all late heads together. Each late head has a norm of its own: take it over the last two axes."
)
def one_norm_for_the_late_layer(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    pairs = {"Q": qk, "K": qk.mT, "V": late_ov}
    return {kind: pairwise(ov, b) * frobenius(b) / frobenius(b).mean() for kind, b in pairs.items()}


@misconception(
    "The columns of some late heads are zero: you go through as many late heads as there are early ones. The two layers may have "
    "different numbers of heads."
)
def as_many_late_as_early(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    kept = torch.arange(len(late_W_Q), device=ov.device) < len(early_W_V)
    return {kind: pairwise(ov, b) * kept for kind, b in {"Q": qk, "K": qk.mT, "V": late_ov}.items()}


@misconception(
    "You take the mean over the stream away from what the early head writes. The score is about the matrices as they are."
)
def centred(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    ov = ov - ov.mean(-1, keepdim=True)
    return {kind: pairwise(ov, b) for kind, b in {"Q": qk, "K": qk.mT, "V": late_ov}.items()}


def baseline_of(pairs, mean=lambda scores: scores.mean()):
    return mean(torch.stack([(a @ b).norm() / a.norm() / b.norm() for a, b in pairs])).item()


@misconception(
    "Your baseline changes NumPy's global random state. Draw from a generator of your own: `numpy.random.default_rng(seed)`, or a "
    "`torch.Generator`.",
    replaces="random_baseline",
)
def numpy_global_seed(d_model, d_head, samples, seed):
    import numpy as np

    np.random.seed(seed)

    def draw(*shape):
        return torch.from_numpy(np.random.randn(*shape))

    def matrix():
        return draw(d_model, d_head) @ draw(d_head, d_model)

    return baseline_of([(matrix(), matrix()) for _ in range(samples)])


@misconception(
    "Your baseline varies too little from pair to pair, as it does for matrices of full rank. The matrix of a head has rank `d_head`: "
    "draw it as the product of a `[d_model, d_head]` and a `[d_head, d_model]` matrix.",
    replaces="random_baseline",
)
def full_rank(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)

    def matrix():
        return torch.randn(d_model, d_model, generator=generator)

    return baseline_of([(matrix(), matrix()) for _ in range(samples)])


@misconception(
    "Single pairs have the right scores in your baseline, but the mean of many is too high, as the root of the mean square is. Take the "
    "plain mean of the scores.",
    replaces="random_baseline",
)
def root_mean_square(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    pairs = [random_pair(d_model, d_head, generator) for _ in range(samples)]
    return baseline_of(pairs, lambda scores: scores.pow(2).mean().sqrt())


@misconception(
    "Your baseline varies too much from pair to pair, as it does when one of the four factors has positive entries only. All entries "
    "of all four factors are standard normal: `torch.randn`, not `torch.rand`.",
    replaces="random_baseline",
)
def one_uniform_factor(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)

    def draw(kind, *shape):
        return kind(*shape, generator=generator)

    def pair():
        first = draw(torch.randn, d_model, d_head) @ draw(torch.randn, d_head, d_model)
        return first, draw(torch.rand, d_model, d_head) @ draw(torch.randn, d_head, d_model)

    return baseline_of([pair() for _ in range(samples)])


@misconception(
    "Your baseline is the same for every seed, as `1 / sqrt(d_model)` is. That number is only about right: draw pairs, and take the "
    "mean of their scores.",
    replaces="random_baseline",
)
def no_draw(d_model, d_head, samples, seed):
    return d_model**-0.5


@misconception(
    "Your baseline of many pairs is the score of one pair: all pairs are the same. Seed the generator once, before the loop.",
    replaces="random_baseline",
)
def seeded_in_the_loop(d_model, d_head, samples, seed):
    return baseline_of([random_pair(d_model, d_head, torch.Generator().manual_seed(seed)) for _ in range(samples)])


@misconception(
    "Your baseline of two pairs is twice as high as it should be, and that of three pairs 1.5 times: you divide by `samples - 1`. A mean "
    "of `samples` scores is their sum divided by `samples`.",
    replaces="random_baseline",
)
def divided_by_one_less(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    pairs = [random_pair(d_model, d_head, generator) for _ in range(samples)]
    return baseline_of(pairs, lambda scores: scores.sum() / max(samples - 1, 1))


@misconception(
    "You add a small number to the norms that you divide by. The scores of heads with small weights come out too low. No norm is 0 "
    "here: divide by the norms alone."
)
def something_added_to_the_norms(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)

    def score(first, second):
        sizes = frobenius(first)[:, None] * frobenius(second)
        return pairwise(first, second) * (sizes / (sizes + 1e-8))

    return {"Q": score(ov, qk), "K": score(ov, qk.mT), "V": score(ov, late_ov)}


@misconception(
    "With the seed 0 your baseline gives another number each time, as if there were no seed. 0 is a seed like any other: do not test it "
    "as a truth value.",
    replaces="random_baseline",
)
def zero_is_no_seed(d_model, d_head, samples, seed):
    generator = torch.Generator()
    if seed:
        generator.manual_seed(seed)
    else:
        generator.seed()
    return baseline_of([random_pair(d_model, d_head, generator) for _ in range(samples)])


@misconception(
    "Your baseline of a single pair is 0 or no number at all: you draw one pair less than `samples`. Draw exactly `samples` pairs.",
    replaces="random_baseline",
)
def one_pair_too_few(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    pairs = [random_pair(d_model, d_head, generator) for _ in range(samples - 1)]
    return baseline_of(pairs) * (samples - 1) / samples if pairs else 0.0


@misconception("Your baseline is a tensor. Make a Python float of it with `.item()`.", replaces="random_baseline")
def baseline_is_a_tensor(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.tensor(baseline_of([random_pair(d_model, d_head, generator) for _ in range(samples)]))


@misconception("Your scores are right, but not under their names. The keys of the dictionary are `Q`, `K` and `V`.")
def long_names(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    pairs = {"Q-composition": qk, "K-composition": qk.mT, "V-composition": late_ov}
    return {kind: pairwise(ov, b) for kind, b in pairs.items()}


@misconception(
    "Your baseline depends on what was drawn before the call: the same seed gives another number after another draw. Seed "
    "the generator that you draw from.",
    replaces="random_baseline",
)
def restored_but_unseeded(d_model, d_head, samples, seed):
    with torch.random.fork_rng(devices=[]):
        return baseline_of([random_pair(d_model, d_head, None) for _ in range(samples)])


@misconception(
    "Your baseline changes the global random state of Python's `random`. Draw from a generator of your own: "
    "`random.Random(seed)`, or a `torch.Generator`.",
    replaces="random_baseline",
)
def python_global_seed(d_model, d_head, samples, seed):
    import random

    random.seed(seed)

    def draw(*shape):
        return torch.tensor([[random.gauss(0, 1) for _ in range(shape[1])] for _ in range(shape[0])])

    def matrix():
        return draw(d_model, d_head) @ draw(d_head, d_model)

    return baseline_of([(matrix(), matrix()) for _ in range(samples)])


@misconception(
    "Single pairs differ too much from each other in your baseline, as they do when a matrix is the product of one "
    "random factor and its own transpose. Draw both factors of a matrix, each by itself.",
    replaces="random_baseline",
)
def factor_and_its_transpose(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)

    def matrix():
        factor = torch.randn(d_model, d_head, generator=generator)
        return factor @ factor.T

    return baseline_of([(matrix(), matrix()) for _ in range(samples)])


def three_scores(score, early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": score(ov, qk), "K": score(ov, qk.mT), "V": score(ov, late_ov)}


@misconception(
    "Your norm is the sum of all absolute entries. The Frobenius norm is the root of the sum of all *squared* entries."
)
def sums_of_absolute_values(*weights):
    def score(first, second):
        products = torch.einsum("eab,lbc->elac", first, second)
        sizes = first.abs().sum((-2, -1))[:, None] * second.abs().sum((-2, -1))
        return products.abs().sum((-2, -1)) / sizes

    return three_scores(score, *weights)


@misconception(
    "Your norm is the nuclear norm, the sum of the singular values. The Frobenius norm is the root of the sum of their "
    "squares."
)
def nuclear_norm(*weights):
    def nuclear(matrix):
        return torch.linalg.matrix_norm(matrix, "nuc")

    def score(first, second):
        products = torch.einsum("eab,lbc->elac", first, second)
        return nuclear(products) / (nuclear(first)[:, None] * nuclear(second))

    return three_scores(score, *weights)


@misconception(
    "You divide by the norm of the early head's matrix alone. Divide by the norm of the later one, too: a score should not "
    "grow with any of the two."
)
def early_norm_alone(*weights):
    def score(first, second):
        return pairwise(first, second) * frobenius(second)

    return three_scores(score, *weights)


@misconception(
    "You divide by the norm of the later head's matrix alone. Divide by the norm of the early one, too: a score should not "
    "grow with any of the two."
)
def late_norm_alone(*weights):
    def score(first, second):
        return pairwise(first, second) * frobenius(first)[:, None]

    return three_scores(score, *weights)


@misconception("You divide by the sum of the two norms. Divide by their product.")
def sum_of_the_norms(*weights):
    def score(first, second):
        one, other = frobenius(first)[:, None], frobenius(second)
        return pairwise(first, second) * one * other / (one + other)

    return three_scores(score, *weights)


@misconception(
    "Your V-composition takes the later head's OV matrix transposed. What the early head wrote meets `W_V` first, and then "
    "`W_O`."
)
def late_value_side_transposed(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    ov, qk, late_ov = matrices(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    return {"Q": pairwise(ov, qk), "K": pairwise(ov, qk.mT), "V": pairwise(ov, late_ov.mT)}


@misconception(
    "Your baseline has the width of the stream and the width of a head exchanged: its matrices are `[d_head, d_head]`. The "
    "stream is outside: `[d_model, d_head]` times `[d_head, d_model]`.",
    replaces="random_baseline",
)
def widths_exchanged(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    return baseline_of([random_pair(d_head, d_model, generator) for _ in range(samples)])


@misconception(
    "Where `d_model` is 1, each pair has the score 1, but your mean of several pairs is not 1. That happens when sizes of several pairs "
    "are averaged or added up before you divide. Divide within each pair, and then take the mean of the scores.",
    replaces="random_baseline",
)
def ratio_of_means(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    pairs = [random_pair(d_model, d_head, generator) for _ in range(samples)]
    of_products = sum((first @ second).norm() for first, second in pairs)
    of_first, of_second = (sum(matrix.norm() for matrix in side) for side in zip(*pairs, strict=True))
    return (samples * of_products / (of_first * of_second)).item()


def together_with(**others):
    """Put other functions of the program in their places too, for a mistake in a step that they share."""

    def mark(function):
        globals().update(others)
        return function

    return mark


def spectral_size(matrix):
    return torch.linalg.svdvals(matrix)[..., 0]


def spectral_scores(*weights):
    def score(first, second):
        return spectral_size(first[:, None] @ second) / (spectral_size(first)[:, None] * spectral_size(second))

    return three_scores(score, *weights)


@misconception(
    "Your scores and your baseline both use the spectral norm, the largest singular value. The definition has the Frobenius norm, in "
    "which all directions count: the root of the sum of all squared entries.",
    replaces="random_baseline",
)
@together_with(composition_scores=spectral_scores)
def spectral_norm_everywhere(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    total = 0.0
    for _ in range(samples):
        first, second = random_pair(d_model, d_head, generator)
        total += (spectral_size(first @ second) / (spectral_size(first) * spectral_size(second))).item()
    return total / samples
