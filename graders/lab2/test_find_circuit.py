"""Grader of `find_circuit`."""

import pytest

from interp.words import IOI_WORDS


def plain(circuit):
    """Heads as tuples of integers, whatever they are made of."""
    return [tuple(int(part) for part in place) for place in circuit]


def kind(heads):
    """What heads are made of: "list of tuple of int" is asked for."""
    places = sorted({type(place).__name__ for place in heads})
    parts = {"int" if isinstance(part, int) else type(part).__name__ for place in heads for part in place}
    return " of ".join([type(heads).__name__, *places, *sorted(parts)])


def by_worth(worth, asked=None):
    """Each head is worth a number, and a set of heads what its heads are worth together. All are multiples of 1/8.

    What it is given in another form than a list of tuples of integers is noted in `asked`.
    """

    def evaluate(heads):
        if asked is not None and kind(heads) not in ("list", "list of tuple of int"):
            asked.add(kind(heads))
        heads = set(plain(heads))
        return sum(worth[layer][head] for layer, head in heads)

    return evaluate


def on_additive_worth(exercise, bench, *, effects, worth, target):
    import torch

    asked = set()
    try:
        circuit = exercise.find_circuit(torch.tensor(effects, dtype=bench.dtype), by_worth(worth, asked), target)
    except ValueError:
        return {"circuit": f"ValueError for the target {target}"}
    return {"circuit": circuit, "circuit_is_a": kind(circuit), "evaluate_also_got_a": sorted(asked)}


def on_additive_worths(exercise, bench, *, places, effects, worths, target):
    """The circuits for several worths of the same heads, in a table of zeros."""

    def table(numbers):
        return spread_out(8, 14, dict(zip(map(tuple, places), numbers, strict=True)))

    return [
        on_additive_worth(exercise, bench, effects=table(effects), worth=table(worth), target=target)
        for worth in worths
    ]


def on_random_effects(exercise, bench, *, layers, heads, target, seed):
    """Random effects of both signs; a set of heads is worth more the nearer its sum comes to that of all heads."""
    import torch

    order = bench.uniform(layers * heads, seed=seed).argsort().cpu()
    signs = torch.where(bench.uniform(layers * heads, seed=seed + 1).cpu() < 0.4, -1, 1)
    # 2^-1, 2^-2, … in random places, with random signs: no ties, and no sum is rounded.
    effects = torch.empty(layers * heads, dtype=torch.float64)
    effects[order] = 0.5 ** torch.arange(1, layers * heads + 1, dtype=torch.float64)
    effects = (effects * signs).reshape(layers, heads)
    table, whole = effects.tolist(), effects.sum().item()

    def nearness(heads):
        return 1 - abs(whole - sum(table[layer][head] for layer, head in set(plain(heads))))

    try:
        circuit = plain(exercise.find_circuit(effects.to(bench.dtype), nearness, target))
    except ValueError:
        return {"circuit": f"ValueError for the target {target}"}
    return {"circuit": circuit, "worth": nearness(circuit)}


def on_parts(exercise, bench, *, effects, needs, target):
    """A set of heads is worth the share of needs that it meets; a need is met by any one of some heads."""
    import torch

    def share_met(heads):
        heads = set(plain(heads))
        return sum(any(tuple(head) in heads for head in choice) for choice in needs) / len(needs)

    try:
        circuit = plain(exercise.find_circuit(torch.tensor(effects, dtype=bench.dtype), share_met, target))
    except ValueError:
        return {"circuit": f"ValueError for the target {target}"}
    left_out = [share_met([other for other in circuit if other != head]) for head in circuit]
    return {"circuit": circuit, "worth": share_met(circuit), "without_each": left_out}


def on_names(exercise, bench, *, count, template, target):
    """The course model: other heads are replaced by their mean over clean and corrupted prompts."""
    import torch

    from interp.prompts import ioi_prompts

    prompts = ioi_prompts(count, 5, template=template)
    clean, corrupted = bench.tokens([p.clean for p in prompts]), bench.tokens([p.corrupted for p in prompts])
    right, wrong = bench.tokens([p.answer for p in prompts])[:, 1], bench.tokens([p.wrong for p in prompts])[:, 1]
    rows = range(len(prompts))
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(bench.n_layers)]
    clean_z, corrupted_z = bench.cache(clean, names), bench.cache(corrupted, names)
    means = {name: torch.cat([clean_z[name], corrupted_z[name]]).mean(0, keepdim=True) for name in names}

    def logit_difference(logits):
        return (logits[rows, -1, right] - logits[rows, -1, wrong]).mean().item()

    whole = logit_difference(bench.run(clean))
    known = {}

    def share(heads):
        kept = frozenset(plain(heads))
        if kept not in known:

            def replace(z, hook, layer):
                outside = [head for head in range(bench.n_heads) if (layer, head) not in kept]
                z = z.clone()
                z[:, :, outside] = means[names[layer]][:, :, outside]
                return z

            hooks = [(name, lambda z, hook, layer=layer: replace(z, hook, layer)) for layer, name in enumerate(names)]
            with torch.no_grad():
                known[kept] = logit_difference(bench.model.run_with_hooks(clean, fwd_hooks=hooks)) / whole
        return known[kept]

    # What changes of each head's own writing towards the right name; rounded: an order that hangs on no last digit.
    model = bench.model
    direction = model.W_U[:, right] - model.W_U[:, wrong]
    written = [
        torch.einsum("bhd,hdm,mb->h", (clean_z[name] - corrupted_z[name])[:, -1], model.W_O[layer], direction)
        for layer, name in enumerate(names)
    ]
    effects = (torch.stack(written) / len(prompts) * 4).round() / 4
    everyone = [(layer, head) for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    circuit = plain(exercise.find_circuit(effects, share, target))
    rest = [head for head in everyone if head not in circuit]
    return {"circuit": circuit, "worth": share(circuit), "worth_of_the_rest": share(rest)}


def on_too_high_a_target(exercise, bench, *, cases):
    import torch

    outcomes = {}
    for effects, target in cases:
        case = f"effects {effects}, target {target}"
        try:
            exercise.find_circuit(torch.tensor(effects, dtype=bench.dtype), by_worth(effects), target)
            outcomes[case] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[case] = type(error).__name__
    return outcomes


#: What separates a value from a target that it does not reach: more than float32 rounds away, less than a millionth.
LITTLE = 2**-22


def spread_out(layers, heads, places):
    """A table of zeros with some numbers in it: `places` maps a head to its number."""
    return [[places.get((layer, head), 0.0) for head in range(heads)] for layer in range(layers)]


@pytest.mark.points(4)
def test_growing(compare, seed):
    """Heads are taken in the order of magnitude, whatever their sign, until the target is reached."""
    worth = [[0.125, 0.5, 0.0], [0.25, 0.0, 0.125]]
    for target in (0.5, 0.75, 0.875):
        compare(on_additive_worth, effects=worth, worth=worth, target=target)
    for layers, heads, target in [(2, 4, 0.9), (4, 2, 0.97), (3, 3, 0.75)]:
        found = compare(on_random_effects, layers=layers, heads=heads, target=target, seed=seed)
        assert found["worth"] >= target, "your circuit is not enough: it does not reach the target"


@pytest.mark.points(3)
def test_pruning(compare):
    """Heads that back each other up, or that only look important: the circuit is enough, and each head needed."""
    # Many of both, so that another order of pruning leaves another circuit.
    effects = [[0.4375, 0.6875, -0.625, 0.375], [0.875, 0.9375, 0.0625, 0.3125], [-0.125, 0.8125, 0.5625, -0.1875]]
    needs = [[[1, 1], [2, 2]], [[2, 3], [0, 3]], [[2, 1], [0, 1]], [[1, 0], [1, 2]], [[2, 0], [1, 3], [0, 2]]]
    compare(on_parts, effects=effects, needs=needs, target=0.9)
    effects = [[0.75, -0.5, 0.25, 0.0], [0.625, 0.125, -0.375, 0.0625]]
    for needs, target in [
        ([[[0, 0], [1, 0]], [[0, 1]], [[1, 2]]], 0.6),
        ([[[0, 0], [1, 0]], [[1, 2]]], 1.0),
        ([[[0, 1], [1, 2]], [[0, 2], [0, 0]], [[1, 1], [1, 0]]], 1.0),
        ([[[0, 3]], [[0, 1], [0, 2]], [[1, 0]], [[1, 2]]], 0.75),
        # The weaker of two that do the same stands in an earlier layer.
        ([[[0, 2], [1, 0]], [[1, 1]]], 1.0),
    ]:
        found = compare(on_parts, effects=effects, needs=needs, target=target)
        assert found["worth"] >= target, "your circuit is not enough: it does not reach the target"
        assert all(worth < target for worth in found["without_each"]), (
            "your circuit has a head without which it would still be enough"
        )
    # A head that does harm is taken in its turn. Without it another would not be needed either, but its turn was before. And what is
    # enough first is taken, not what is best.
    compare(
        on_additive_worths,
        places=[(1, 3), (1, 2), (1, 1), (0, 3), (0, 2), (0, 1), (0, 0)],
        effects=[0.5, 0.4375, -0.375, 0.25, 0.1875, 0.125, 0.0625],
        worths=[
            [0.375, 0.375, -0.25, 0.125, 0.125, 0.125, 0.125],
            [0.625, -0.25, 0.5, 0.6875, 0.0, 0.0, 0.0],
            [0.5, 0.625, 0.125, -0.75, 0.875, 0.0, 0.0],
        ],
        target=1.0,
    )
    # Of many heads: a target that is met exactly, while growing and when a head is dropped.
    effects = {(6, 12): 0.75, (7, 13): -0.5, (3, 8): 0.25, (5, 11): 0.125}
    for worth, target in [
        ({(6, 12): 0.125, (7, 13): 0.5, (3, 8): 0.375}, 0.875),
        ({(6, 12): 0.5, (7, 13): 0.25, (3, 8): 0.125, (5, 11): 0.0625}, 0.875),
        ({(6, 12): 0.5, (7, 13): 0.25, (3, 8): 0.125, (5, 11): 0.0625}, 0.75),
        ({(6, 12): 0.25, (7, 13): 0.0, (3, 8): 0.5, (5, 11): 0.25}, 0.75),
        ({(6, 12): 0.5, (7, 13): -0.25, (3, 8): 0.25, (5, 11): 0.25}, 0.75),
    ]:
        tables = (spread_out(8, 14, places) for places in (effects, worth))
        compare(on_additive_worth, **dict(zip(("effects", "worth"), tables, strict=True)), target=target)
    # Nearly enough is not enough, when heads are taken and when they are dropped; enough is enough, whatever comes after. All in one
    # run: only together do they say whether growing is wrong, or pruning, or both.
    compare(
        on_additive_worths,
        places=[(7, 9), (2, 13), (5, 10), (6, 12)],
        effects=[-0.75, 0.5, 0.25, 0.125],
        worths=[[0.5, 0.5 - LITTLE, -0.5, 0.75], [0.5, 0.25, 0.5 - LITTLE, 0.0], [0.5, 0.5, -0.5, 0.75]],
        target=1.0,
    )
    # Among equals too the head that was taken last is tried first.
    equals = [[0.5, -0.5], [0.5, 0.25]]
    compare(on_parts, effects=equals, needs=[[[0, 0], [0, 1]], [[1, 0]]], target=1.0)


@pytest.mark.points(1)
def test_edges(compare):
    """No head may be enough, all may be needed, also those without effect; equal effects stand by layer and head."""
    compare(on_additive_worth, effects=[[0.5, 0.0], [0.0, 0.25]], worth=[[0.25] * 2] * 2, target=1.0)
    # Nearly equal is not equal: apart by less than a millionth.
    steps = [[-1, 6, 11, -4], [9, 2, -7, 12], [5, -10, 3, 8]]
    near = [[(-1 if step < 0 else 1) * (0.5 + abs(step) * 2**-21) for step in row] for row in steps]
    compare(on_additive_worth, effects=near, worth=[[0.25] * 4] * 3, target=1.5)
    worth = [[0.25, -0.25], [0.25, 0.25], [-0.25, 0.25]]
    compare(on_additive_worth, effects=worth, worth=worth, target=0.0)
    # No head is enough, and the strongest does harm, which more heads repair in the first two cases.
    effects = spread_out(6, 11, {(4, 9): 0.75, (5, 7): -0.5, (2, 10): 0.25, (3, 8): 0.125})
    for harm, others in [(-0.5, (0.125, 0.125, 0.4375)), (-0.75, (0.25, 0.5, 0.0)), (-0.5, (0.125, 0.0, 0.0))]:
        places = dict(zip([(4, 9), (5, 7), (2, 10), (3, 8)], [harm, *others], strict=True))
        compare(on_additive_worth, effects=effects, worth=spread_out(6, 11, places), target=-0.1875)
    compare(on_additive_worth, effects=worth, worth=[[0.25] * 2] * 3, target=1.5)
    equal = [[0.25, -0.25, 0.25], [-0.25, 0.25, -0.25], [0.25, -0.25, 0.25], [-0.25, 0.25, -0.25]]
    compare(on_additive_worth, effects=equal, worth=[[0.25] * 3] * 4, target=1.5)


@pytest.mark.points(1)
@pytest.mark.needs(single_tokens=IOI_WORDS)
def test_on_names(compare):
    """Prompts with two names: the circuit recovers the logit difference, by as few heads as the search finds."""
    for target in (0.5, 0.85):
        # What the other heads are worth is compared too. In some models they are enough as well: they back the circuit up.
        found = compare(on_names, count=3, template=1, target=target)
        assert found["worth"] >= target, "your circuit does not reach the target"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A target that all heads together do not reach or fewer do not reach raises a ValueError; others do not."""
    compare(on_additive_worth, effects=[[0.5, 0.25]], worth=[[0.5, 0.25]], target=0.75)
    # All heads together are not enough here, and the first two are more than enough.
    compare(on_additive_worth, effects=[[0.5, 0.25], [-0.125, 0.0]], worth=[[0.5, 0.25], [-0.5, 0.0]], target=0.625)
    tables = ([[0.5, 0.25], [0.25, 0.5]], [[0.125], [0.0]], [[0.5, 0.125, 0.0]])
    compare(on_too_high_a_target, cases=[(table, target) for table in tables for target in (1.75, 2.0, 8.0)])
