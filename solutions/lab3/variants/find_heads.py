"""Right and wrong ways to list the heads above a threshold."""

import numpy as np
import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_other_shapes(scores):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")


def above(scores, threshold):
    """The heads above the threshold in the order of layer and head, as lists of (score, layer, head)."""
    layers, heads = scores.shape
    places = [(layer, head) for layer in range(layers) for head in range(heads)]
    return [(scores[place].item(), *place) for place in places if scores[place] > threshold]


@accepted
def by_loops(scores, threshold):
    """Collect with two loops; Python's sort is stable, and keeps equal scores in the order of collection."""
    refuse_other_shapes(scores)
    found = above(scores, threshold)
    found.sort(key=lambda entry: entry[0], reverse=True)
    return [(layer, head) for _, layer, head in found]


@accepted
def by_stable_sort(scores, threshold):
    """Sort all heads with PyTorch's stable sort, then cut."""
    refuse_other_shapes(scores)
    ordered, place = torch.sort(scores.flatten(), descending=True, stable=True)
    count = int((ordered > threshold).sum())
    return [divmod(index, scores.shape[1]) for index in place[:count].tolist()]


@accepted
def by_numpy(scores, threshold):
    """NumPy in float64 on the CPU, sorted by several keys at once."""
    refuse_other_shapes(scores)
    values = scores.detach().cpu().double().numpy()
    layers, heads = np.nonzero(values > threshold)
    order = np.lexsort((heads, layers, -values[layers, heads]))
    return [(int(layers[i]), int(heads[i])) for i in order]


@misconception(
    'Your pairs are `(head, layer)`. By convention the layer comes first, as in "head 5.1", and the scores are '
    "`[layer, head]` too. With the pairs swapped the next experiment would ablate other heads."
)
def head_before_layer(scores, threshold):
    refuse_other_shapes(scores)
    found = sorted(above(scores, threshold), key=lambda entry: (-entry[0], entry[1:]))
    return [(head, layer) for _, layer, head in found]


@misconception(
    "A head whose score equals the threshold is in your list. The exercise asks for heads *strictly* above it: look "
    "at your comparison."
)
def threshold_included(scores, threshold):
    refuse_other_shapes(scores)
    places = [(layer, head) for layer in range(scores.shape[0]) for head in range(scores.shape[1])]
    kept = [place for place in places if scores[place] >= threshold]
    return sorted(kept, key=lambda place: (-scores[place].item(), place))


@misconception(
    "You found the right heads, but they are in the order of the model and not of their scores. Put the highest score "
    "first."
)
def not_sorted(scores, threshold):
    refuse_other_shapes(scores)
    return [(layer, head) for _, layer, head in above(scores, threshold)]


@misconception(
    "You found the right heads, but the lowest score comes first. Most sorting functions ascend unless told otherwise."
)
def ascending(scores, threshold):
    refuse_other_shapes(scores)
    return [(layer, head) for _, layer, head in sorted(above(scores, threshold))]


@misconception(
    "Heads with equal scores come out in the wrong order: later layers and heads first. You turned the whole sort "
    "around, and the ties turned with it. Only the score should descend."
)
def ties_reversed(scores, threshold):
    refuse_other_shapes(scores)
    return [(layer, head) for _, layer, head in sorted(above(scores, threshold), reverse=True)]


@misconception(
    "You return positions in the flattened scores, one number for each head. Turn each number back into its layer and "
    "its head."
)
def flat_indices(scores, threshold):
    refuse_other_shapes(scores)
    found = sorted(above(scores, threshold), key=lambda entry: (-entry[0], entry[1:]))
    return [layer * scores.shape[1] + head for _, layer, head in found]


@misconception(
    "The flat index is taken apart by the wrong number: you divide by the number of layers. One layer holds as many "
    "entries as there are *heads*. With as many layers as heads this goes unnoticed."
)
def divided_by_layers(scores, threshold):
    refuse_other_shapes(scores)
    found = sorted(above(scores, threshold), key=lambda entry: (-entry[0], entry[1:]))
    return [divmod(layer * scores.shape[1] + head, scores.shape[0]) for _, layer, head in found]


@misconception(
    "You compare the *size* of the scores, so strongly negative scores are in your list. Only heads with a score "
    "above the threshold belong there."
)
def absolute_values(scores, threshold):
    refuse_other_shapes(scores)
    found = sorted(above(scores.abs(), threshold), key=lambda entry: (-entry[0], entry[1:]))
    return [(layer, head) for _, layer, head in found]


@misconception(
    "You keep at most one head from each layer. Several heads of one layer can be above the threshold: look at each "
    "of them."
)
def best_of_each_layer(scores, threshold):
    refuse_other_shapes(scores)
    best = [(scores[layer].max().item(), layer, int(scores[layer].argmax())) for layer in range(scores.shape[0])]
    kept = sorted((entry for entry in best if entry[0] > threshold), key=lambda entry: (-entry[0], entry[1:]))
    return [(layer, head) for _, layer, head in kept]


@misconception(
    "The numbers in your pairs are tensors. They print like integers, but two equal ones are not found in a set or a "
    "dictionary. Convert them to Python integers before you return."
)
def tensors_for_integers(scores, threshold):
    refuse_other_shapes(scores)
    found = sorted(above(scores, threshold), key=lambda entry: (-entry[0], entry[1:]))
    return [(torch.tensor(layer), torch.tensor(head)) for _, layer, head in found]


@misconception(
    "Your list is right for a map of scores, but scores with another number of axes go through without a word. The "
    "docstring asks for a `ValueError` there."
)
def nothing_refused(scores, threshold):
    scores = scores.reshape(-1, scores.shape[-1])
    found = sorted(above(scores, threshold), key=lambda entry: (-entry[0], entry[1:]))
    return [(layer, head) for _, layer, head in found]


def right(scores, threshold):
    refuse_other_shapes(scores)
    return [entry[1:] for entry in sorted(above(scores, threshold), key=lambda entry: (-entry[0], entry[1:]))]


@misconception(
    "Each head in your list is a list of two numbers. Make a tuple of it, which can be in a set: `(layer, head)`."
)
def lists_for_tuples(scores, threshold):
    return [list(pair) for pair in right(scores, threshold)]


@misconception(
    "The numbers in your pairs are NumPy's integers. They print like Python's, but not everything takes them: convert "
    "them with `int` or `.tolist()`."
)
def numpy_integers(scores, threshold):
    return [tuple(np.int64(number) for number in pair) for pair in right(scores, threshold)]


@misconception(
    "A head that is above the threshold by a little is missing from your list. Compare the scores as they are with the threshold as it "
    "is: no rounding, and no tolerance."
)
def clearly_above(scores, threshold):
    refuse_other_shapes(scores)
    kept = [entry for entry in above(scores, threshold) if entry[0] > threshold + 1e-5]
    return [(layer, head) for _, layer, head in sorted(kept, key=lambda entry: (-entry[0], entry[1:]))]


@misconception(
    "Scores that differ only a little come out as if they were equal. Compare them as they are, without rounding."
)
def ties_of_rounded_scores(scores, threshold):
    refuse_other_shapes(scores)
    found = sorted(above(scores, threshold), key=lambda entry: (-round(entry[0], 3), entry[1:]))
    return [(layer, head) for _, layer, head in found]


@misconception(
    "Heads with a score of exactly 0 are missing, although 0 is above the threshold. Look for the places where "
    "`scores > threshold`, and not for values that are not 0."
)
def zeros_lost(scores, threshold):
    return [pair for pair in right(scores, threshold) if scores[pair] != 0]


@misconception(
    "Where no head is above the threshold you give the best one all the same. The list should be empty then, which is "
    "a result."
)
def best_when_none(scores, threshold):
    return right(scores, threshold) or [divmod(int(scores.argmax()), scores.shape[1])]


@misconception(
    "Of several heads with equal scores only one is in your list, as in a dictionary with the scores as keys. List "
    "them all."
)
def one_head_for_a_score(scores, threshold):
    found = {scores[pair].item(): pair for pair in sorted(right(scores, threshold))}
    return [found[score] for score in sorted(found, reverse=True)]


@misconception(
    "You found the right heads, but negative scores are in the order of their size. The highest score comes first: "
    "-0.25 before -1."
)
def sorted_by_size(scores, threshold):
    return sorted(right(scores, threshold), key=lambda pair: (-abs(scores[pair].item()), pair))


@misconception(
    "Heads with equal scores are in the order of head and then layer. The layer comes first: `(0, 3)` before `(1, 0)`."
)
def ties_by_head(scores, threshold):
    return sorted(right(scores, threshold), key=lambda pair: (-scores[pair].item(), pair[::-1]))


@misconception("Scores with a single axis give no `ValueError` in yours. They need exactly two axes, `[layer, head]`.")
def one_axis_is_one_layer(scores, threshold):
    return right(scores[None] if scores.ndim == 1 else scores, threshold)


@misconception(
    "Scores with more than two axes give no `ValueError` in yours. They need exactly two axes, `[layer, head]`."
)
def more_axes(scores, threshold):
    if scores.ndim < 2:
        raise ValueError("scores must be [layer, head]")
    while scores.ndim > 2:
        scores = scores.mean(-1)
    return right(scores, threshold)


@misconception(
    "Your list is right for a map of scores, but scores of any other number of axes give a list, too, with as many numbers "
    "for a head as there are axes. The docstring asks for a `ValueError`: look at `scores.ndim`."
)
def places_of_any_shape(scores, threshold):
    places = [tuple(place) for place in (scores > threshold).nonzero().tolist()]
    return sorted(places, key=lambda place: (-scores[place].item(), place))


@misconception(
    "Each head in your list comes with its score, as `(layer, head, score)`. A pair is asked for: `(layer, head)`."
)
def scores_in_the_list(scores, threshold):
    return [(*pair, scores[pair].item()) for pair in right(scores, threshold)]


@misconception('Your list has names of heads, such as `"L1H0"`. Pairs of numbers are asked for: `(1, 0)`.')
def names_for_pairs(scores, threshold):
    return [f"L{layer}H{head}" for layer, head in right(scores, threshold)]


@misconception("You count layers and heads from 1. As everywhere in the course, they count from 0.")
def counted_from_one(scores, threshold):
    return [(layer + 1, head + 1) for layer, head in right(scores, threshold)]


@misconception(
    "Your heads are in the right order within each layer only: the layers come one after the other. The highest score of "
    "all comes first."
)
def sorted_within_layers(scores, threshold):
    return sorted(right(scores, threshold), key=lambda pair: pair[0])
