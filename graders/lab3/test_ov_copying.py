"""Grader of `ov_copying`."""

import numpy as np
import pytest

#: Nearest that a token's own entry may come to another, as a share of the row's spread: counts must not hang on rounding.
MARGIN = 1e-4


def head_weights(bench, d_vocab, d_model, d_head, seed):
    """Random embedding, value, output and unembedding matrices; the seeds are apart, the scales differ."""
    W_E = bench.normal(d_vocab, d_model, seed=seed) / d_model**0.5
    W_V = bench.normal(d_model, d_head, seed=seed + 1) / d_model**0.5
    W_O = bench.normal(d_head, d_model, seed=seed + 2) / d_head**0.5
    W_U = W_E.T + bench.normal(d_model, d_vocab, seed=seed + 3) / d_model**0.5
    # Half of a copying head and half of noise, so that scores are neither 0 nor 1.
    return W_E, W_V + W_O.T, W_O, W_U


def clear_cases(A, B, tokens):
    """Those tokens whose own entry is well apart from all others of its row and of its column."""
    import torch

    places = torch.arange(len(tokens), device=tokens.device)
    clear = torch.ones(len(tokens), dtype=torch.bool, device=tokens.device)
    for lines in (A[tokens] @ B, (A @ B[:, tokens]).T):
        gap = (lines - lines[places, tokens][:, None]).abs()
        gap[places, tokens] = torch.inf
        clear &= gap.amin(1) > MARGIN * lines.std(1)
    return tokens[clear]


def circuit_of(A, B):
    from transformer_lens import FactoredMatrix

    return FactoredMatrix(A, B)


def on_random_weights(exercise, bench, *, d_vocab, d_model, d_head, seed):
    circuit = exercise.full_ov_circuit(*head_weights(bench, d_vocab, d_model, d_head, seed))
    return {"product": circuit.A @ circuit.B, "shape_of_A": list(circuit.A.shape), "shape_of_B": list(circuit.B.shape)}


def on_a_random_circuit(exercise, bench, *, d_vocab, d_head, count, ks, seed):
    """Scores of a circuit that copies some tokens, and the largest tensor that was made on the way."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Largest(TorchDispatchMode):
        entries = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            made = function(*args, **(kwargs or {}))
            sizes = [leaf.numel() for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor)]
            self.entries = max([self.entries, *sizes])
            return made

    A = bench.normal(d_vocab, d_head, seed=seed)
    B = A.T * 0.6 + bench.normal(d_head, d_vocab, seed=seed + 1)
    tokens = clear_cases(A, B, bench.integers(0, d_vocab, (count,), seed=seed + 2))
    with Largest() as largest:
        scores = [exercise.ov_copying(circuit_of(A, B), tokens, k) for k in ks]
    too_large = largest.entries if largest.entries >= d_vocab**2 else 0
    return {"scores": scores, "entries_of_a_tensor_that_is_too_large": too_large}


def on_known_heads(exercise, bench, *, d_vocab, k):
    """Heads in a space with a direction for each token: they copy, they do the opposite, they shift by one, …"""
    import torch

    eye = torch.eye(d_vocab, dtype=bench.dtype, device=bench.device)
    lower = torch.ones(d_vocab, d_vocab, dtype=bench.dtype, device=bench.device).tril()
    half = eye.clone()
    half[d_vocab // 2 :] *= -1
    always_0 = torch.zeros_like(eye)
    always_0[:, 0] = 1
    heads = {
        "copies": eye,
        "suppresses": -eye,
        "predicts the next id": eye.roll(1, dims=1),
        "copies the lower half, suppresses the rest": half,
        "always predicts token 0": always_0 + eye / 2,
        "equal to all smaller ids": lower,
        "equal to all larger ids": lower.T,
    }
    tokens = torch.arange(d_vocab, device=bench.device)
    found = {}
    for name, product in heads.items():
        try:
            found[name] = exercise.ov_copying(circuit_of(eye, product), tokens, k)
        except ValueError:  # with a message of the learner's own, which says nothing here
            found[name] = "ValueError"
    return found


def on_products(exercise, bench, *, above, slightly, kinds, ks):
    """Circuits with known entries, some of which are far above a token's own and some only slightly; all other entries are smaller.

    Row `t` has `above[t]` entries that are 1.5 times as large as the token's own and `slightly[t]` that are larger by a small share.
    A kind is the size of the token's own entry, and this share.
    """
    return {
        f"own entries {size}, by {by}": on_a_product(exercise, bench, above, slightly, size, by, ks)
        for size, by in kinds
    }


def on_a_product(exercise, bench, above, slightly, size, by, ks):
    """The scores of one of these circuits. All numbers are sums of powers of 2, so that nothing is rounded."""
    import torch

    count = len(above)
    rows = [
        [1.5] * far + [1 + by] * near + [0.75] * (count - 1 - far - near)
        for far, near in zip(above, slightly, strict=True)
    ]
    product = torch.tensor([[*row[:t], 1.0, *row[t:]] for t, row in enumerate(rows)], dtype=bench.dtype)
    circuit = circuit_of(torch.eye(count, dtype=bench.dtype, device=bench.device), product.to(bench.device) * size)
    tokens = torch.arange(count, device=bench.device)
    return {f"k={k}": exercise.ov_copying(circuit, tokens, k) for k in ks}


def on_course_model(exercise, bench, *, count, k, seed):
    model = bench.model
    ids = bench.integers(0, bench.d_vocab, (count,), seed=seed)
    found = []
    for layer in range(bench.n_layers):
        head = layer % bench.n_heads
        weights = (model.W_E, bench.for_each_head(model.W_V)[layer, head], model.W_O[layer, head], model.W_U)
        A, B = weights[0] @ weights[1], weights[2] @ weights[3]
        tokens = clear_cases(A, B, ids)
        theirs = exercise.full_ov_circuit(*weights)
        found.append(
            {"rows": theirs.A[tokens[:3]] @ theirs.B, "score": exercise.ov_copying(circuit_of(A, B), tokens, k)}
        )
    return found


def on_questions_of_all_kinds(exercise, bench, *, questions):
    """What is raised for some numbers of tokens and k. The first ones are possible."""
    circuit = circuit_of(bench.normal(6, 2, seed=0), bench.normal(2, 6, seed=1))
    raised, given = {}, []
    for count, k in questions:
        try:
            found = exercise.ov_copying(circuit, bench.integers(0, 6, (count,), seed=2), k)
            given.append(type(found).__name__)
            result = "nothing"
        except ValueError:
            result = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            result = type(error).__name__
        raised[f"{count} tokens, k={k}"] = result
    return {"raised": raised, "result": given[0] if given else None}


@pytest.mark.points(3)
def test_full_circuit(compare, seed):
    """The full OV circuit from random weights, in several shapes: its product, and factors that meet in the head."""
    for d_vocab, d_model, d_head in [(13, 8, 3), (7, 10, 4)]:
        found = compare(on_random_weights, d_vocab=d_vocab, d_model=d_model, d_head=d_head, seed=seed)
        assert np.linalg.matrix_rank(found["product"], tol=1e-3) <= d_head, "the circuit's rank is at most d_head"


@pytest.mark.points(3)
def test_copying_of_a_random_circuit(compare, seed):
    """A circuit that copies some tokens, for several k, without multiplying the whole circuit out."""
    for d_vocab, d_head, count in [(400, 12, 40), (150, 5, 25)]:
        found = compare(on_a_random_circuit, d_vocab=d_vocab, d_head=d_head, count=count, ks=[1, 2, 5, 30], seed=seed)
        scores = found["scores"]
        assert scores == sorted(scores), "with a larger k no fewer tokens count"
        assert scores[0] >= 0 and scores[-1] <= 1, "a share is between 0 and 1"


@pytest.mark.points(2)
def test_known_heads(compare):
    """Heads whose copying score is known."""
    for d_vocab, k in [(8, 1), (6, 2), (5, 5), (5, 7)]:
        found = compare(on_known_heads, d_vocab=d_vocab, k=k)
        assert found["copies"] == 1, "a head that copies every token has the score 1"
        lowest = float(k >= d_vocab)
        assert found["suppresses"] == lowest, f"a head that lowers each token's own logit alone has the score {lowest}"

    # Strictly larger is larger by however little, in a head with large weights and in one with small weights. All in one run: only
    # together do they say of which kind a tolerance is.
    kinds = [(1.0, 0.25), (1.0, 2**-18), (2**-20, 0.25), (2**-20, 2**-18)]
    compare(on_products, above=[0, 1, 2, 0, 3, 1, 0], slightly=[2, 3, 1, 1, 1, 0, 4], kinds=kinds, ks=[1, 2, 3, 4])


@pytest.mark.points(1)
def test_on_course_model(compare, seed):
    """A head of each layer of the course model."""
    for found in compare(on_course_model, count=40, k=3, seed=seed):
        assert 0 <= found["score"] <= 1, "a share is between 0 and 1"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """No tokens, or a k below 1, raise a ValueError; one token, and a k above the vocabulary, do not."""
    # Each clause in six cases, so that one which is left out can be told from others.
    questions = [(3, 1), *((count, k) for count, k in [(1, 7), (3, 8), (2, 12), (4, 100), (5, 9), (6, 1000)])]
    questions += [(0, 1), (0, 2), (0, 3), (0, 5), (0, 6), (0, 7)]
    questions += [(count, 0) for count in (1, 2, 3, 4, 5, 9)]
    questions += [(3, -2), (1, -1), (2, -1), (4, -5), (5, -1), (6, -3), (0, 0)]
    compare(on_questions_of_all_kinds, questions=questions)
