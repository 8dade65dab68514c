"""Right and wrong ways to choose a circuit."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def by_strength(effects, key):
    """All heads as pairs, sorted by a key of the effect; ties by layer, then head."""
    layers, heads = effects.shape
    everyone = [(layer, head) for layer in range(layers) for head in range(heads)]
    return sorted(everyone, key=lambda place: (key(effects[place].item()), place))


def grown(order, evaluate, target):
    """The shortest beginning of an order that is enough."""
    for size in range(len(order) + 1):
        if evaluate(order[:size]) >= target:
            return order[:size]
    raise ValueError("all heads together are not enough")


def pruned(circuit, order, evaluate, target):
    """What is left when heads are dropped in an order."""
    for head in order:
        smaller = [other for other in circuit if other != head]
        if evaluate(smaller) >= target:
            circuit = smaller
    return circuit


@accepted
def by_argsort(effects, evaluate, target):
    """A stable sort of the flat map; sets of heads."""
    flat = torch.argsort(effects.abs().flatten(), descending=True, stable=True)
    order = [(int(place) // effects.shape[1], int(place) % effects.shape[1]) for place in flat]
    kept = set()
    rest = iter(order)
    while not evaluate(sorted(kept)) >= target:
        try:
            kept.add(next(rest))
        except StopIteration:
            raise ValueError("not enough") from None
    for head in [head for head in reversed(order) if head in kept]:
        if evaluate(sorted(kept - {head})) >= target:
            kept.remove(head)
    return sorted(kept)


@accepted
def by_recursion(effects, evaluate, target):
    """The two halves as recursive functions."""
    order = by_strength(effects, lambda effect: -abs(effect))

    def grow(size):
        if evaluate(order[:size]) >= target:
            return order[:size]
        if size == len(order):
            raise ValueError("not enough")
        return grow(size + 1)

    def prune(circuit, candidates):
        if not candidates:
            return circuit
        smaller = [other for other in circuit if other != candidates[-1]]
        return prune(smaller if evaluate(smaller) >= target else circuit, candidates[:-1])

    circuit = grow(0)
    return sorted(prune(circuit, circuit))


@misconception(
    "You rank the heads by their signed effect, so those that work against the answer come last, however strong they "
    "are. What counts is the magnitude."
)
def by_signed_effect(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -effect), evaluate, target)
    return sorted(pruned(circuit, circuit[::-1], evaluate, target))


@misconception("You take the weakest heads first. Order the magnitudes from the largest to the smallest.")
def weakest_first(effects, evaluate, target):
    circuit = grown(by_strength(effects, abs), evaluate, target)
    return sorted(pruned(circuit, circuit[::-1], evaluate, target))


@misconception(
    "You grow the circuit and stop there: it contains heads that are not needed. Prune it: drop each head without "
    "which it is still enough."
)
def not_pruned(effects, evaluate, target):
    return sorted(grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target))


@misconception(
    "You prune the strongest heads first. When two heads can stand in for each other, this drops the stronger one. "
    "Begin with the weakest."
)
def strongest_pruned_first(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    return sorted(pruned(circuit, circuit, evaluate, target))


@misconception(
    "You drop every head that is not needed *by itself*, all at once. Two heads that can stand in for each other are "
    "then both gone, and the circuit is no longer enough. Drop one, and ask again about the next with that one gone."
)
def pruned_all_at_once(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    needed = [head for head in circuit if evaluate([other for other in circuit if other != head]) < target]
    return sorted(needed)


@misconception(
    "You go on until the value is *above* the target, and drop a head only when it stays above. Reaching the target is "
    "enough."
)
def strictly_above(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    sizes = [size for size in range(len(order) + 1) if evaluate(order[:size]) > target]
    if not sizes:
        raise ValueError("not enough")
    circuit = order[: sizes[0]]
    for head in reversed(order[: sizes[0]]):
        smaller = [other for other in circuit if other != head]
        if evaluate(smaller) > target:
            circuit = smaller
    return sorted(circuit)


@misconception(
    "You never ask whether no head at all is enough: your circuit begins with the strongest head already in it, and "
    "the pruning leaves at least one. Ask `evaluate([])` first."
)
def never_empty(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    for size in range(1, len(order) + 1):
        circuit = order[:size]
        if evaluate(circuit) >= target:
            for head in reversed(order[:size]):
                smaller = [other for other in circuit if other != head]
                if smaller and evaluate(smaller) >= target:
                    circuit = smaller
            return sorted(circuit)
    raise ValueError("not enough")


@misconception("Your circuit is right, but not in the order that the docstring asks for: sort it by layer, then head.")
def in_order_of_strength(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    return pruned(circuit, circuit[::-1], evaluate, target)


@misconception(
    "Your pairs are (head, layer). Rows of `effects` are layers, columns are heads, and a pair is (layer, head): then "
    "`evaluate` is asked about the right heads too."
)
def head_before_layer(effects, evaluate, target):
    circuit = grown(by_strength(effects.T, lambda effect: -abs(effect)), evaluate, target)
    return sorted(pruned(circuit, circuit[::-1], evaluate, target))


@misconception(
    "You stop growing when the *sum of the effects* reaches the target, and never ask `evaluate`. Effects measured "
    "one by one do not add up: heads in a chain share theirs, and heads that back each other up hide it."
)
def effects_added_up(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    circuit, total = [], 0.0
    while total < target:
        if len(circuit) == len(order):
            raise ValueError("not enough")
        head = order[len(circuit)]
        circuit.append(head)
        total += abs(effects[head].item())
    return sorted(circuit)


@misconception(
    "Your circuits are right, but where all heads together are not enough you return them all, as if they were. The "
    "docstring's section *Raises* asks for a `ValueError` there."
)
def nothing_refused(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    try:
        circuit = grown(order, evaluate, target)
    except ValueError:
        return sorted(order)
    return sorted(pruned(circuit, circuit[::-1], evaluate, target))
