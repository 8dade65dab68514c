"""Right and wrong ways to find the heads that look at a word."""

import numpy as np
import torch

from mechgrade.authoring.variants import accepted, misconception


def all_places(str_tokens, word):
    """Every position of the word; the error that the exercise asks for if there is none."""
    places = [place for place, token in enumerate(str_tokens) if token.strip() == word.strip()]
    if not places:
        raise ValueError("the word is not there")
    return places


def listed(attention, threshold):
    """Heads above a threshold, with their attention."""
    return [(*place, attention[tuple(place)].item()) for place in torch.nonzero(attention > threshold).tolist()]


@accepted
def by_loop(pattern, str_tokens, word, threshold):
    """Plain Python over layers, heads and positions."""
    wanted = word.strip()
    if wanted not in [token.strip() for token in str_tokens]:
        raise ValueError(f"{word} is not in the prompt")
    found = []
    for layer in range(pattern.shape[0]):
        for head in range(pattern.shape[1]):
            total = 0.0
            for key, token in enumerate(str_tokens):
                if token.strip() == wanted:
                    total += pattern[layer, head, len(str_tokens) - 1, key].item()
            if total > threshold:
                found.append((layer, head, total))
    return found


@accepted
def by_mask(pattern, str_tokens, word, threshold):
    """A 0/1 vector over the keys and a product with the last rows."""
    mask = torch.tensor([float(token.strip() == word.strip()) for token in str_tokens])
    if not mask.any():
        raise ValueError("absent")
    attention = pattern[..., -1, :] @ mask.to(pattern)
    layers, heads = torch.where(attention > threshold)
    return list(zip(layers.tolist(), heads.tolist(), attention[layers, heads].tolist(), strict=True))


@misconception(
    "You read the attention from the word *to the last position*. The word cannot see what comes after it, so this is "
    "0 for every head. The query is the last position, the key is the word: check the order of the last two axes."
)
def from_and_to_swapped(pattern, str_tokens, word, threshold):
    places = all_places(str_tokens, word)
    return listed(pattern[:, :, places, -1].sum(-1), threshold)


@misconception(
    "You use only the first place where the word occurs. It may occur again, and the head may be looking there: add up "
    "its attention to all places."
)
def first_occurrence(pattern, str_tokens, word, threshold):
    return listed(pattern[:, :, -1, all_places(str_tokens, word)[0]], threshold)


@misconception(
    "You use only the last place where the word occurs. It may have occurred before, and the head may be looking "
    "there: add up its attention to all places."
)
def last_occurrence(pattern, str_tokens, word, threshold):
    return listed(pattern[:, :, -1, all_places(str_tokens, word)[-1]], threshold)


@misconception(
    "Where the word occurs several times you take the largest attention to one of its places. A head may share its "
    "attention among them: the definition takes the sum."
)
def best_occurrence(pattern, str_tokens, word, threshold):
    return listed(pattern[:, :, -1, all_places(str_tokens, word)].amax(-1), threshold)


@misconception(
    "Where the word occurs several times you take the mean over its places. A head that gives all its attention to one "
    "of two would count half: the definition takes the sum."
)
def mean_occurrence(pattern, str_tokens, word, threshold):
    return listed(pattern[:, :, -1, all_places(str_tokens, word)].mean(-1), threshold)


@misconception("A head exactly at the threshold is in your list. The docstring asks for heads *strictly* above it.")
def threshold_inclusive(pattern, str_tokens, word, threshold):
    attention = pattern[:, :, -1, all_places(str_tokens, word)].sum(-1)
    return [(*place, attention[tuple(place)].item()) for place in torch.nonzero(attention >= threshold).tolist()]


@misconception(
    "Your tuples begin with the head: `(head, layer, …)`. A head is named layer first, and the list is sorted so. With "
    "as many layers as heads nobody would notice, and you would go on with the wrong head."
)
def head_before_layer(pattern, str_tokens, word, threshold):
    attention = pattern[:, :, -1, all_places(str_tokens, word)].sum(-1)
    return listed(attention.T, threshold)


@misconception(
    'You compare the token\'s text with the word as given, so `"France"` does not find the token `" France"`. Tokens '
    "carry the space that stands before them: compare without spaces around."
)
def exact_text(pattern, str_tokens, word, threshold):
    places = [place for place, token in enumerate(str_tokens) if token == word]
    if not places:
        raise ValueError("the word is not there")
    return listed(pattern[:, :, -1, places].sum(-1), threshold)


@misconception(
    "You always put a space before the word, and so miss it at the beginning of a text, where its token has none. "
    "Compare without spaces around, on both sides."
)
def space_added(pattern, str_tokens, word, threshold):
    places = [place for place, token in enumerate(str_tokens) if token == " " + word.strip()]
    if not places:
        raise ValueError("the word is not there")
    return listed(pattern[:, :, -1, places].sum(-1), threshold)


@misconception(
    'You take every token that *contains* the word, so `"is"` also finds `" island"`. The token should equal the '
    "word, apart from spaces around it."
)
def contained(pattern, str_tokens, word, threshold):
    all_places(str_tokens, word)
    places = [place for place, token in enumerate(str_tokens) if word.strip() in token]
    return listed(pattern[:, :, -1, places].sum(-1), threshold)


@misconception(
    "You average over all positions that look. The question is what the *last* position reads, where the answer is "
    "predicted."
)
def every_query(pattern, str_tokens, word, threshold):
    return listed(pattern[:, :, :, all_places(str_tokens, word)].sum(-1).mean(-1), threshold)


@misconception("Your list is sorted by attention. The docstring asks for ascending order of layer and head.")
def sorted_by_attention(pattern, str_tokens, word, threshold):
    found = listed(pattern[:, :, -1, all_places(str_tokens, word)].sum(-1), threshold)
    return sorted(found, key=lambda entry: -entry[2])


@misconception(
    "For a word that is not in the prompt you return an empty list, as if no head looked at it. That is another answer "
    'than "there is no such word": the docstring asks for a `ValueError`.'
)
def absent_is_empty(pattern, str_tokens, word, threshold):
    places = [place for place, token in enumerate(str_tokens) if token.strip() == word.strip()]
    return listed(pattern[:, :, -1, places].sum(-1), threshold) if places else []


def at(pattern, places, threshold):
    """Heads above a threshold, for some places of the word; the error that the exercise asks for if there is none."""
    if not places:
        raise ValueError("the word is not there")
    return listed(pattern[:, :, -1, places].sum(-1), threshold)


@misconception(
    "You remove the spaces inside of a token as well, so two different texts become equal. Strip only what is around it."
)
def all_spaces_removed(pattern, str_tokens, word, threshold):
    wanted = word.replace(" ", "")
    return at(pattern, [i for i, token in enumerate(str_tokens) if token.replace(" ", "") == wanted], threshold)


@misconception(
    'You do not tell upper from lower case. `"France"` and `"france"` are two different texts, and two different '
    "tokens."
)
def case_ignored(pattern, str_tokens, word, threshold):
    wanted = word.strip().lower()
    return at(pattern, [i for i, token in enumerate(str_tokens) if token.strip().lower() == wanted], threshold)


@misconception("You skip the first position. It need not be BOS: the word can stand there too.")
def first_position_skipped(pattern, str_tokens, word, threshold):
    places = [i for i, token in enumerate(str_tokens) if i > 0 and token.strip() == word.strip()]
    return at(pattern, places, threshold)


@misconception(
    "You remove one space in front and nothing else. Strip *all* spaces around the token and around the word."
)
def one_leading_space_removed(pattern, str_tokens, word, threshold):
    wanted = word.removeprefix(" ")
    return at(pattern, [i for i, token in enumerate(str_tokens) if token.removeprefix(" ") == wanted], threshold)


@misconception("You keep the spaces behind the text. Strip the spaces on both sides, of the token and of the word.")
def trailing_spaces_kept(pattern, str_tokens, word, threshold):
    return at(pattern, [i for i, token in enumerate(str_tokens) if token.lstrip() == word.lstrip()], threshold)


@misconception("You strip the tokens but not the word. The word may have spaces around it too.")
def word_not_stripped(pattern, str_tokens, word, threshold):
    return at(pattern, [i for i, token in enumerate(str_tokens) if token.strip() == word], threshold)


@misconception(
    'You count tokens that spell the word together, such as `" Fr"` and `"ance"`. One token must be the whole word.'
)
def parts_of_the_word(pattern, str_tokens, word, threshold):
    places = set()
    for start in range(len(str_tokens)):
        for stop in range(start + 1, len(str_tokens) + 1):
            if "".join(str_tokens[start:stop]).strip() == word.strip():
                places.update(range(start, stop))
    return at(pattern, sorted(places), threshold)


@misconception(
    'You count every token that *begins* with the word, so `"is"` also finds `" island"`. The whole text must be equal.'
)
def beginning_of_a_token(pattern, str_tokens, word, threshold):
    places = [i for i, token in enumerate(str_tokens) if token.strip().startswith(word.strip())]
    return at(pattern, places, threshold)


@misconception("Your list is sorted by the heads' names as text: head 10 comes before head 2. Sort by the numbers.")
def sorted_as_text(pattern, str_tokens, word, threshold):
    found = listed(pattern[:, :, -1, all_places(str_tokens, word)].sum(-1), threshold)
    return sorted(found, key=lambda entry: f"L{entry[0]}H{entry[1]}")


@misconception(
    "Heads with attention 0 are missing, although the threshold is below 0. Compare with the threshold, and with "
    "nothing else."
)
def zero_attention_dropped(pattern, str_tokens, word, threshold):
    return [entry for entry in listed(pattern[:, :, -1, all_places(str_tokens, word)].sum(-1), threshold) if entry[2]]


@misconception(
    "Layer and head come from dividing by the number of *layers*. A layer has as many entries as there are heads: "
    "divide by the number of heads."
)
def divided_by_layers(pattern, str_tokens, word, threshold):
    flat = pattern[:, :, -1, all_places(str_tokens, word)].sum(-1).flatten().tolist()
    return [(*divmod(place, len(pattern)), value) for place, value in enumerate(flat) if value > threshold]


@misconception(
    "You do not count the last position as a place of the word. It attends to itself too: when the word stands there, "
    "it counts."
)
def last_position_not_a_key(pattern, str_tokens, word, threshold):
    places = [place for place in all_places(str_tokens, word) if place < len(str_tokens) - 1]
    return listed(pattern[:, :, -1, places].sum(-1), threshold)


@misconception("You round the attention. Compare with the threshold, and return, the sum as it is.")
def rounded(pattern, str_tokens, word, threshold):
    return listed((pattern[:, :, -1, all_places(str_tokens, word)].sum(-1).double() * 100).round() / 100, threshold)


@misconception("The attention in your tuples is a tensor. Finish with `.item()`, so that it is a Python float.")
def tensors_in_the_tuples(pattern, str_tokens, word, threshold):
    attention = pattern[:, :, -1, all_places(str_tokens, word)].sum(-1)
    return [(*place, attention[tuple(place)]) for place in torch.nonzero(attention > threshold).tolist()]


@misconception(
    "You list a head only if one single place of the word is above the threshold. Add up its places first, and compare "
    "the sum."
)
def single_place_above_threshold(pattern, str_tokens, word, threshold):
    attention = pattern[:, :, -1, all_places(str_tokens, word)]
    best = attention.amax(-1)
    return [entry for entry in listed(attention.sum(-1), threshold) if best[entry[0], entry[1]] > threshold]


@misconception("Your entries are lists. The docstring asks for tuples: `(layer, head, attention)`.")
def lists_for_tuples(pattern, str_tokens, word, threshold):
    return [list(entry) for entry in right(pattern, str_tokens, word, threshold)]


def right(pattern, str_tokens, word, threshold):
    """The right list."""
    return listed(pattern[:, :, -1, all_places(str_tokens, word)].sum(-1), threshold)


@misconception(
    "Layer and head in your tuples are tensors. They print like integers, but are not found in a set or a dict: convert "
    "them with `int` or `.tolist()`."
)
def tensors_for_the_places(pattern, str_tokens, word, threshold):
    found = right(pattern, str_tokens, word, threshold)
    return [(torch.tensor(layer), torch.tensor(head), attention) for layer, head, attention in found]


@misconception(
    "Where no head is above the threshold you give the one with the most attention. The docstring asks for an empty list."
)
def best_when_none(pattern, str_tokens, word, threshold):
    every = right(pattern, str_tokens, word, -1.0)
    return right(pattern, str_tokens, word, threshold) or [max(every, key=lambda entry: entry[2])]


@misconception(
    "A word that is not in the prompt ends in an `IndexError`. Look whether there is a place at all, and raise a "
    "`ValueError`."
)
def index_error_for_absent(pattern, str_tokens, word, threshold):
    places = [place for place, token in enumerate(str_tokens) if token.strip() == word.strip()]
    last = places[-1]
    return listed(pattern[:, :, -1, [*places[:-1], last]].sum(-1), threshold)


@misconception("You read the query before the last. The answer is predicted at the *last* position.")
def query_before_the_last(pattern, str_tokens, word, threshold):
    return listed(pattern[:, :, -2, all_places(str_tokens, word)].sum(-1), threshold)


@misconception("You list at most one head of each layer. List every head above the threshold.")
def one_head_of_each_layer(pattern, str_tokens, word, threshold):
    best = {}
    for entry in right(pattern, str_tokens, word, threshold):
        if entry[0] not in best or entry[2] > best[entry[0]][2]:
            best[entry[0]] = entry
    return list(best.values())


@misconception("The attention comes first in your tuples. The docstring asks for `(layer, head, attention)`.")
def attention_first(pattern, str_tokens, word, threshold):
    return [(attention, layer, head) for layer, head, attention in right(pattern, str_tokens, word, threshold)]


@misconception("Your tuples lack the attention. The docstring asks for `(layer, head, attention)`.")
def without_attention(pattern, str_tokens, word, threshold):
    return [entry[:2] for entry in right(pattern, str_tokens, word, threshold)]


@misconception(
    "The attention in your tuples is a NumPy number. Finish with `float(...)`, so that it is a Python float."
)
def numpy_attention(pattern, str_tokens, word, threshold):
    found = right(pattern, str_tokens, word, threshold)
    return [(layer, head, np.float64(attention)) for layer, head, attention in found]
