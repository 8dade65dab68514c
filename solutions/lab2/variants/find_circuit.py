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


def in_order(order, evaluate, target):
    """The right answer for an order of the heads."""
    circuit = grown(order, evaluate, target)
    return sorted(pruned(circuit, circuit[::-1], evaluate, target))


def right_circuit(effects, evaluate, target):
    """The right answer."""
    return in_order(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)


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
    "Your circuit is what growing gives: no head was dropped, and some are not needed. Go through *all* its heads, from "
    "the weakest, and drop each without which it is still enough. (The head taken last is always needed; go on after it.)"
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
    "Your circuits are right, but where no set is enough, not even all heads together, you return one all the same. The "
    "docstring's section *Raises* asks for a `ValueError` there."
)
def nothing_refused(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    try:
        circuit = grown(order, evaluate, target)
    except ValueError:
        return sorted(order)
    return sorted(pruned(circuit, circuit[::-1], evaluate, target))


@misconception(
    "Heads without any effect never come to their turn. They have the smallest magnitude, and stand last in the order; "
    "a circuit may need them all the same."
)
def no_effect_never_taken(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    return in_order([head for head in order if effects[head]], evaluate, target)


@misconception(
    "Your circuit is a list of lists. The docstring asks for tuples, `(layer, head)`: a list is not equal to a tuple, so "
    "`(0, 1) in circuit` would be false."
)
def lists_for_pairs(effects, evaluate, target):
    return [list(head) for head in right_circuit(effects, evaluate, target)]


@misconception(
    "The numbers in your circuit are tensors. The docstring asks for Python integers: `.item()` or `.tolist()` gives them."
)
def tensors_for_integers(effects, evaluate, target):
    return [tuple(torch.tensor(head)) for head in right_circuit(effects, evaluate, target)]


@misconception(
    "Your circuit is right, but you give `evaluate` a set. It takes a *list* of tuples; another `evaluate` may not know "
    "what to do with a set."
)
def set_given_to_evaluate(effects, evaluate, target):
    return right_circuit(effects, lambda heads: evaluate(set(heads)), target)


@misconception(
    "Your circuit is right, but the heads that you give `evaluate` are made of tensors. It takes tuples of Python "
    "integers; tensors are not found in a set or a dict of heads."
)
def tensors_given_to_evaluate(effects, evaluate, target):
    return right_circuit(effects, lambda heads: evaluate([tuple(torch.tensor(head)) for head in heads]), target)


@misconception(
    "You prune from the last layer to the first. The order of pruning is that of the strength: begin with the weakest "
    "head, wherever it stands."
)
def pruned_by_place(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    return sorted(pruned(circuit, sorted(circuit, reverse=True), evaluate, target))


@misconception(
    "A head that could not be dropped is tried again in yours, after others are gone. Each head is tried once, in one pass "
    "from the weakest to the strongest."
)
def pruned_again_and_again(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    while True:
        smaller = circuit
        for head in reversed(circuit):
            rest = [other for other in circuit if other != head]
            if evaluate(rest) >= target:
                smaller = rest
                break
        if smaller == circuit:
            return sorted(circuit)
        circuit = smaller


@misconception("The strongest head is never tried when you prune. It may not be needed either.")
def strongest_kept(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    return sorted(pruned(circuit, circuit[:0:-1], evaluate, target))


@misconception(
    "Magnitudes that are nearly equal are taken for equal: they are rounded before they are compared. Compare them as "
    "they are."
)
def rounded_magnitudes(effects, evaluate, target):
    return in_order(by_strength(effects, lambda effect: -round(abs(effect), 2)), evaluate, target)


@misconception(
    "You find the size of the circuit by bisection. That is right only where more heads are never worse; a head can do "
    "harm. Ask after each step."
)
def by_bisection(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    low, high = 0, len(order) + 1
    while low < high:
        middle = (low + high) // 2
        if evaluate(order[:middle]) >= target:
            high = middle
        else:
            low = middle + 1
    if low > len(order):
        raise ValueError("not enough")
    circuit = order[:low]
    return sorted(pruned(circuit, circuit[::-1], evaluate, target))


@misconception("Your circuit is sorted by head and then layer. The layer comes first.")
def sorted_by_head(effects, evaluate, target):
    return sorted(right_circuit(effects, evaluate, target), key=lambda place: place[::-1])


@misconception(
    "Among heads of equal magnitude the lower head number comes first in your order. The earlier *layer* comes first, then "
    "the lower head number."
)
def ties_by_head(effects, evaluate, target):
    order = sorted(by_strength(effects, abs), key=lambda place: (-abs(effects[place].item()), *place[::-1]))
    return in_order(order, evaluate, target)


@misconception(
    "Of two heads of equal magnitude the one with the positive effect comes first in your order. The sign does not count: "
    "the earlier layer comes first, then the lower head number."
)
def ties_positive_first(effects, evaluate, target):
    order = sorted(by_strength(effects, abs), key=lambda place: (-abs(effects[place].item()), -effects[place].item()))
    return in_order(order, evaluate, target)


@misconception(
    "Among heads of equal magnitude the later ones come first in your order, as when a whole sort is turned round. The "
    "earlier layer comes first, then the lower head number."
)
def ties_reversed(effects, evaluate, target):
    return in_order(by_strength(effects, abs)[::-1], evaluate, target)


@misconception(
    "Where all heads together are not enough your list runs out with an `IndexError`. The docstring asks for a "
    "`ValueError`."
)
def index_error(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    size = 0
    while evaluate(order[:size]) < target:
        order[size]
        size += 1
    return sorted(pruned(order[:size], order[:size][::-1], evaluate, target))


@misconception(
    "A target that is met *exactly* is not enough for you when you grow: you go on to the next head, or run out of heads. "
    "Reaching the target is enough."
)
def exceeded_to_stop(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    size = 0
    while evaluate(order[:size]) <= target:
        if size == len(order):
            raise ValueError("all heads together are not enough")
        size += 1
    return sorted(pruned(order[:size], order[:size][::-1], evaluate, target))


@misconception(
    "A target that is met *exactly* is not enough for you when you prune: a head without which the target is just reached "
    "stays. Reaching the target is enough."
)
def exceeded_to_drop(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    for head in reversed(list(circuit)):
        smaller = [other for other in circuit if other != head]
        if evaluate(smaller) > target:
            circuit = smaller
    return sorted(circuit)


@misconception(
    "A set whose value is exactly `target` is not enough for you while you grow, so you take more heads than you need. Reaching the "
    "target is enough: compare with `>=`."
)
def exceeded_while_there_are_heads(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    size = 0
    while evaluate(order[:size]) <= target and size < len(order):
        size += 1
    if evaluate(order[:size]) < target:
        raise ValueError("all heads together are not enough")
    return sorted(pruned(order[:size], order[:size][::-1], evaluate, target))


def nearly(target):
    """A target that a value may miss by a little."""
    return target - 1e-4


@misconception(
    "A set that falls short of `target` by a little is enough for you, when you grow and when you prune. Compare with `target` "
    "itself, without a tolerance."
)
def nearly_enough(effects, evaluate, target):
    return right_circuit(effects, evaluate, nearly(target))


@misconception(
    "When you grow you stop at a set that falls short of `target` by a little. Compare with `target` itself, without a tolerance."
)
def nearly_enough_to_stop(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, nearly(target))
    return sorted(pruned(circuit, circuit[::-1], evaluate, target))


@misconception(
    "When you prune you drop heads until the set falls short of `target` by a little. Compare with `target` itself, without a "
    "tolerance."
)
def nearly_enough_to_drop(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    return sorted(pruned(circuit, circuit[::-1], evaluate, nearly(target)))


@misconception(
    "You take the strongest head before you ask for the first time. No head at all may be enough, and the strongest may do harm: ask "
    "`evaluate([])` first."
)
def strongest_taken_first(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    for size in range(1, len(order) + 1):
        if evaluate(order[:size]) >= target:
            return sorted(pruned(order[:size], order[:size][::-1], evaluate, target))
    raise ValueError("all heads together are not enough")


@misconception(
    "You raise the `ValueError` although all heads together *are* enough: the set with the last head in it is never "
    "tried. Ask `evaluate` once more before you give up."
)
def all_needed_refused(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    for size in range(len(order)):
        if evaluate(order[:size]) >= target:
            return sorted(pruned(order[:size], order[:size][::-1], evaluate, target))
    raise ValueError("all heads together are not enough")


@misconception(
    "You divide the flat number of a head by the number of *layers*. A row has as many entries as there are heads: "
    "`divmod(number, effects.shape[1])`."
)
def divided_by_layers(effects, evaluate, target):
    layers, heads = effects.shape

    def moved(places):
        return [divmod(layer * heads + head, layers) for layer, head in sorted(places)]

    return moved(right_circuit(effects, lambda places: evaluate(moved(places)), target))


@misconception(
    "Your circuit is right, but you give `evaluate` lists for the heads. It takes *tuples* (layer, head); a list cannot "
    "be in a set or be the key of a dict."
)
def lists_given_to_evaluate(effects, evaluate, target):
    return right_circuit(effects, lambda heads: evaluate([list(head) for head in heads]), target)


@misconception(
    "You raise the `ValueError` because all heads together are not enough, although fewer heads are: more heads can be "
    "worse. Grow first, and give up only when the order ends."
)
def all_heads_asked_first(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    if evaluate(order) < target:
        raise ValueError("all heads together are not enough")
    return in_order(order, evaluate, target)


@misconception(
    "You prune heads of equal magnitude in the order in which you grew them. The pruning goes in the *opposite* order: "
    "the head that was taken last is tried first."
)
def ties_pruned_in_the_same_order(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    return sorted(pruned(circuit, sorted(circuit, key=lambda place: abs(effects[place].item())), evaluate, target))


@misconception(
    "You prune from all heads. The rule grows first, and prunes what it has grown: a head that was never taken cannot stay."
)
def pruned_from_all(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    grown(order, evaluate, target)
    return sorted(pruned(order, order[::-1], evaluate, target))


@misconception(
    "Heads with a negative effect never come to their turn. The order is that of the *magnitude*; the sign does not count."
)
def negative_effects_left_out(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    return in_order([head for head in order if effects[head] >= 0], evaluate, target)


@misconception("You return the circuit and its value. The circuit alone is asked for.")
def value_besides(effects, evaluate, target):
    circuit = right_circuit(effects, evaluate, target)
    return circuit, evaluate(circuit)


@misconception("You drop one head at most when you prune. Each head is tried, and each that is not needed is dropped.")
def one_head_dropped(effects, evaluate, target):
    circuit = grown(by_strength(effects, lambda effect: -abs(effect)), evaluate, target)
    for head in reversed(list(circuit)):
        smaller = [other for other in circuit if other != head]
        if evaluate(smaller) >= target:
            return sorted(smaller)
    return sorted(circuit)


@misconception(
    "Where all heads together are not enough you raise an `AssertionError`. The docstring asks for a `ValueError`: use `if` and "
    "`raise`."
)
def asserted(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    assert any(evaluate(order[:size]) >= target for size in range(len(order) + 1))
    return in_order(order, evaluate, target)


@misconception(
    "Your circuit has a head too many: you add the next head first, and then ask whether the set before it was enough."
)
def one_head_too_many(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    circuit = grown(order, evaluate, target)
    return sorted(order[: min(len(circuit) + 1, len(order))])


@misconception(
    "Your circuit begins anew with one head for each layer: you take the strongest head of every layer first. All heads stand in "
    "one order."
)
def strongest_of_each_layer_first(effects, evaluate, target):
    order = by_strength(effects, lambda effect: -abs(effect))
    first = [head for place, head in enumerate(order) if head[0] not in {other[0] for other in order[:place]}]
    return in_order([*first, *(head for head in order if head not in first)], evaluate, target)
