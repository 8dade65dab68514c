"""Right and wrong ways to list the top examples of a latent."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def example(activations, tokens, text, row, position, window):
    """One example as it should be: a misconception is wrong in one thing only."""
    places = text[row].nonzero().flatten().tolist()
    shown = [place for place in range(position - window, position + window + 1) if place in places]
    return {
        "activation": float(activations[row, position]),
        "row": row,
        "position": position,
        "window": [int(tokens[row, place]) for place in shown],
        "peak": shown.index(position) if position in shown else 0,
    }


def best_of_rows(activations, text):
    """(activation, row, position) of the best position of every row in which the latent is active, in order."""
    found = []
    for row in range(len(activations)):
        places = [place for place in range(activations.shape[1]) if text[row, place] and activations[row, place] > 0]
        if places:
            position = max(places, key=lambda place, row=row: (float(activations[row, place]), -place))
            found.append((float(activations[row, position]), row, position))
    return sorted(found, key=lambda each: (-each[0], each[1]))


@accepted
def in_plain_python(activations, tokens, text, k, window):
    """Loops and sorted lists, no tensor operation."""
    found = best_of_rows(activations, text)[:k]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@accepted
def by_flat_ranking(activations, tokens, text, k, window):
    """All positions ranked at once; a text that has had its turn is passed over."""
    quiet = torch.where(text, activations, torch.full_like(activations, -1)).flatten()
    pos = activations.shape[1]
    seen, found = set(), []
    for number in torch.sort(quiet, descending=True, stable=True).indices.tolist():
        row, position = divmod(number, pos)
        if len(found) == k or quiet[number] <= 0:
            break
        if row not in seen:
            seen.add(row)
            first = int(text[row].long().argmax())
            end = first + int(text[row].sum())
            left, right = max(first, position - window), min(end, position + window + 1)
            found.append(
                {
                    "activation": quiet[number].item(),
                    "row": row,
                    "position": position,
                    "window": tokens[row][left:right].tolist(),
                    "peak": position - left,
                }
            )
    return found


@misconception("Your list begins with the weakest example. Sort in descending order.")
def ascending(activations, tokens, text, k, window):
    found = best_of_rows(activations, text)[::-1][:k]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception("Your list has the right k examples, but from the weakest to the strongest of them: turn it round.")
def top_k_reversed(activations, tokens, text, k, window):
    found = best_of_rows(activations, text)[:k][::-1]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "One text appears several times. You rank all positions together; take the best position of each text first, then "
    "rank the texts."
)
def repeats_texts(activations, tokens, text, k, window):
    rows, positions = (text & (activations > 0)).nonzero(as_tuple=True)
    every = [
        (float(activations[row, place]), row, place)
        for row, place in zip(rows.tolist(), positions.tolist(), strict=True)
    ]
    found = sorted(every, key=lambda each: (-each[0], each[1], each[2]))[:k]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "Your windows lack their last token: a slice ends before its end. From `p - w` to `p + w` there are `2 w + 1` tokens."
)
def window_short_on_the_right(activations, tokens, text, k, window):
    found = []
    for _, row, position in best_of_rows(activations, text)[:k]:
        one = example(activations, tokens, text, row, position, window)
        places = text[row].nonzero().flatten().tolist()
        if position + window in places:
            one["window"] = one["window"][:-1]
        found.append(one)
    return found


@misconception(
    "Your windows end one token too early on the right, unless they end with the peak: a slice ends before its end, so add 1 to it."
)
def window_ends_too_early(activations, tokens, text, k, window):
    found = []
    for _, row, position in best_of_rows(activations, text)[:k]:
        one = example(activations, tokens, text, row, position, window)
        shown = len(one["window"])
        found.append(one | {"window": one["window"][: max(shown - 1, one["peak"] + 1)]})
    return found


@misconception(
    "At the left edge of a text your window goes wrong: a negative start counts from the end of the row in Python. Begin "
    "at the first position of the text at the earliest."
)
def window_wraps(activations, tokens, text, k, window):
    found = []
    for _, row, position in best_of_rows(activations, text)[:k]:
        one = example(activations, tokens, text, row, position, window)
        if position - window < 0:
            last = int(text[row].nonzero().max())
            one["window"] = tokens[row, position - window : min(position + window, last) + 1].tolist()
        found.append(one)
    return found


@misconception(
    "Your windows show BOS and padding. They are no text: cut the window where `text` is False, as at the edge of the row."
)
def window_with_special(activations, tokens, text, k, window):
    found = []
    for _, row, position in best_of_rows(activations, text)[:k]:
        left, right = max(0, position - window), position + window + 1
        one = {"activation": float(activations[row, position]), "row": row, "position": position}
        found.append(one | {"window": tokens[row, left:right].tolist(), "peak": position - left})
    return found


@misconception(
    "Your `peak` is the window's half width everywhere. Where the window is cut on the left, the peak stands earlier in it."
)
def peak_in_the_middle(activations, tokens, text, k, window):
    found = best_of_rows(activations, text)[:k]
    return [example(activations, tokens, text, row, position, window) | {"peak": window} for _, row, position in found]


@misconception(
    "Special positions compete in your ranking. What the latent does at BOS and at padding says nothing about text: leave "
    "them out before you look for the maximum."
)
def ranks_special(activations, tokens, text, k, window):
    found = best_of_rows(activations, torch.ones_like(text))[:k]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "You fill the list up with texts on which the latent is silent. An activation of 0 is no example: the list may be "
    "shorter than k."
)
def fills_with_silence(activations, tokens, text, k, window):
    best, positions = activations.masked_fill(~text, 0).max(dim=1)
    found = best.argsort(descending=True, stable=True)[:k].tolist()
    return [
        example(activations, tokens, text, row, int(positions[row]), window) | {"activation": float(best[row])}
        for row in found
    ]


@misconception("Of several positions with the same activation you take the last. The first one of a text is asked for.")
def last_of_equals(activations, tokens, text, k, window):
    found = []
    for value, row, _ in best_of_rows(activations, text)[:k]:
        position = int(((activations[row] == value) & text[row]).nonzero().max())
        found.append(example(activations, tokens, text, row, position, window))
    return found


@misconception("Texts with equal activations come in the wrong order in your list. They keep the order of their rows.")
def equals_turned_round(activations, tokens, text, k, window):
    found = sorted(best_of_rows(activations, text), key=lambda each: (-each[0], -each[1]))[:k]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "You leave out texts on which the latent is active, but weakly. Any activation above 0 is active: compare with 0.",
)
def weak_left_out(activations, tokens, text, k, window):
    found = [each for each in best_of_rows(activations, text) if each[0] >= 1e-3][:k]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "For `k = 0` you return examples. Then the list is empty; `k or …` takes 0 for missing.",
)
def zero_is_all(activations, tokens, text, k, window):
    found = best_of_rows(activations, text)[: k or None]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "Your windows show special positions in front of a text. Cut the window at the first position that is text, "
    "as you do at the end.",
)
def special_before_the_text(activations, tokens, text, k, window):
    found = []
    for _, row, position in best_of_rows(activations, text)[:k]:
        places = text[row].nonzero().flatten().tolist()
        left, right = max(0, position - window), min(places[-1], position + window)
        one = {"activation": float(activations[row, position]), "row": row, "position": position}
        found.append(one | {"window": tokens[row, left : right + 1].tolist(), "peak": position - left})
    return found


@misconception(
    "Your windows show special positions behind a text. Cut the window at the last position that is text, as you "
    "do at the beginning.",
)
def special_behind_the_text(activations, tokens, text, k, window):
    found = []
    for _, row, position in best_of_rows(activations, text)[:k]:
        places = text[row].nonzero().flatten().tolist()
        left, right = max(places[0], position - window), min(tokens.shape[1] - 1, position + window)
        one = {"activation": float(activations[row, position]), "row": row, "position": position}
        found.append(one | {"window": tokens[row, left : right + 1].tolist(), "peak": position - left})
    return found


@misconception(
    "At the edge of a text your window shows more tokens on the other side. It is not filled up: at most `window` "
    "tokens on each side.",
)
def window_filled_up(activations, tokens, text, k, window):
    found = []
    for _, row, position in best_of_rows(activations, text)[:k]:
        places = text[row].nonzero().flatten().tolist()
        left, right = (
            max(places[0], min(position - window, places[-1] - 2 * window)),
            min(places[-1], max(position + window, places[0] + 2 * window)),
        )
        one = {"activation": float(activations[row, position]), "row": row, "position": position}
        found.append(one | {"window": tokens[row, left : right + 1].tolist(), "peak": position - left})
    return found


@misconception(
    "Your list has too few texts. You take the `k` strongest positions first, and drop repeated texts afterwards; "
    "do it the other way round.",
)
def cut_before_one_a_text(activations, tokens, text, k, window):
    rows, positions = (text & (activations > 0)).nonzero(as_tuple=True)
    every = [(float(activations[row, place]), int(row), int(place)) for row, place in zip(rows, positions, strict=True)]
    strongest = sorted(every, key=lambda each: (-each[0], each[1], each[2]))[:k]
    found, seen = [], set()
    for each in strongest:
        if each[1] not in seen:
            seen.add(each[1])
            found.append(each)
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "You leave out texts of which the loudest position is special. Look for the loudest position among those that "
    "are text.",
)
def rows_with_a_special_peak_left_out(activations, tokens, text, k, window):
    loudest = {row: int(activations[row].argmax()) for row in range(len(activations))}
    found = [each for each in best_of_rows(activations, text) if text[each[1], loudest[each[1]]]][:k]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "Your `position` counts from the beginning of the text. It should count from the beginning of the row: "
    "`tokens[row, position]`.",
)
def position_in_the_text(activations, tokens, text, k, window):
    found = []
    for _, row, position in best_of_rows(activations, text)[:k]:
        one = example(activations, tokens, text, row, position, window)
        found.append(one | {"position": position - int(text[row].nonzero()[0])})
    return found


@misconception(
    "You take the first `k` texts on which the latent is active, and sort only those. Sort all texts, then take `k`.",
)
def first_texts_that_fire(activations, tokens, text, k, window):
    found = sorted(best_of_rows(activations, text), key=lambda each: each[1])[:k]
    found = sorted(found, key=lambda each: (-each[0], each[1]))
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "You order the texts by their mean activation. Order them by the strongest activation in each.",
)
def sorted_by_the_mean(activations, tokens, text, k, window):
    means = {row: float(activations[row][text[row]].mean()) for _, row, _ in best_of_rows(activations, text)}
    found = sorted(best_of_rows(activations, text), key=lambda each: (-means[each[1]], each[1]))[:k]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "You round the activation. Return it as it is: `activations[row, position].item()`.",
)
def rounded(activations, tokens, text, k, window):
    found = best_of_rows(activations, text)[:k]
    return [
        example(activations, tokens, text, row, position, window) | {"activation": round(value, 2)}
        for value, row, position in found
    ]


@misconception(
    "You take the first position at which a text activates the latent. Take the position at which it activates the latent most."
)
def first_active_position(activations, tokens, text, k, window):
    found = []
    for _, row, _ in best_of_rows(activations, text)[:k]:
        position = int(((activations[row] > 0) & text[row]).nonzero()[0])
        found.append(example(activations, tokens, text, row, position, window))
    return found


@misconception(
    "Your function stops with an error on a row without any text. Such a row is allowed, and gives no example."
)
def fails_on_an_empty_text(activations, tokens, text, k, window):
    for row in text:
        if not row.any():
            raise IndexError("index 0 is out of bounds")
    found = best_of_rows(activations, text)[:k]
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "Your list has more than `k` examples where several texts equal the last one. List at most `k`: of equals, the first rows."
)
def ties_beyond_k(activations, tokens, text, k, window):
    found = best_of_rows(activations, text)
    if 0 < k < len(found):
        found = [each for each in found if each[0] >= found[k - 1][0]]
    found = found if k else []
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception("Your `activation` is a tensor. It should be a float: call `item()`.")
def activation_as_tensor(activations, tokens, text, k, window):
    found = best_of_rows(activations, text)[:k]
    return [
        example(activations, tokens, text, row, position, window) | {"activation": activations[row, position]}
        for _, row, position in found
    ]


@misconception("Your `window` is a tensor. It should be a list of integers: call `tolist()`.")
def window_as_tensor(activations, tokens, text, k, window):
    found = []
    for _, row, position in best_of_rows(activations, text)[:k]:
        one = example(activations, tokens, text, row, position, window)
        found.append(one | {"window": torch.tensor(one["window"])})
    return found


def listed(activations, tokens, text, found, window):
    """The examples at some places, as they should be."""
    return [example(activations, tokens, text, row, position, window) for _, row, position in found]


@misconception(
    "Of texts with the same activation you list the one with the earlier position first. They keep the order of their rows."
)
def equals_by_position(activations, tokens, text, k, window):
    found = sorted(best_of_rows(activations, text), key=lambda each: (-each[0], each[2], each[1]))[:k]
    return listed(activations, tokens, text, found, window)


@misconception(
    "Your `peak` is the position in the row. It is the place within `window`: count from the window's first token."
)
def peak_in_the_row(activations, tokens, text, k, window):
    found = best_of_rows(activations, text)[:k]
    return [each | {"peak": each["position"]} for each in listed(activations, tokens, text, found, window)]


@misconception(
    "Your windows are half as wide as they should be: `window` counts the tokens on each side, not all of them."
)
def window_is_the_whole_width(activations, tokens, text, k, window):
    return listed(activations, tokens, text, best_of_rows(activations, text)[:k], window // 2)


@misconception("Your examples come in the order of their rows. The strongest comes first.")
def in_order_of_rows(activations, tokens, text, k, window):
    found = sorted(best_of_rows(activations, text)[:k], key=lambda each: each[1])
    return listed(activations, tokens, text, found, window)


@misconception("You order the texts by the sum of their activations. Order them by the strongest activation in each.")
def sorted_by_the_sum(activations, tokens, text, k, window):
    sums = {row: float(activations[row][text[row]].sum()) for _, row, _ in best_of_rows(activations, text)}
    found = sorted(best_of_rows(activations, text), key=lambda each: (-sums[each[1]], each[1]))[:k]
    return listed(activations, tokens, text, found, window)


@misconception("Your `position` is a tensor. It should be an integer: call `int` or `item()`.")
def position_as_tensor(activations, tokens, text, k, window):
    found = listed(activations, tokens, text, best_of_rows(activations, text)[:k], window)
    return [each | {"position": torch.tensor(each["position"])} for each in found]


@misconception("Your `position` and your `peak` are tensors. Both should be integers: call `int` or `item()`.")
def position_and_peak_as_tensors(activations, tokens, text, k, window):
    found = listed(activations, tokens, text, best_of_rows(activations, text)[:k], window)
    return [each | {name: torch.tensor(each[name]) for name in ("position", "peak")} for each in found]


@misconception("Your `row` and your `position` are tensors. Both should be integers: call `int` or `item()`.")
def row_and_position_as_tensors(activations, tokens, text, k, window):
    found = listed(activations, tokens, text, best_of_rows(activations, text)[:k], window)
    return [each | {name: torch.tensor(each[name]) for name in ("row", "position")} for each in found]


@misconception(
    "Your `row` counts the examples of your list. It is the text's row in `tokens`: `tokens[row, position]` is the token."
)
def row_in_the_list(activations, tokens, text, k, window):
    found = listed(activations, tokens, text, best_of_rows(activations, text)[:k], window)
    return [each | {"row": place} for place, each in enumerate(found)]


@misconception("Your windows lack their first token. From `p - w` to `p + w` there are `2 w + 1` tokens.")
def window_short_on_the_left(activations, tokens, text, k, window):
    found = []
    for each in listed(activations, tokens, text, best_of_rows(activations, text)[:k], window):
        if window and each["peak"] == window:
            each = each | {"window": each["window"][1:], "peak": window - 1}
        found.append(each)
    return found


@misconception("Your windows end at the position itself. They go on behind it: up to `window` tokens on each side.")
def window_on_the_left_only(activations, tokens, text, k, window):
    found = listed(activations, tokens, text, best_of_rows(activations, text)[:k], window)
    return [each | {"window": each["window"][: each["peak"] + 1]} for each in found]


@misconception("Your list has one example too many. List at most `k`.")
def one_example_too_many(activations, tokens, text, k, window):
    return listed(activations, tokens, text, best_of_rows(activations, text)[: k + 1], window)
