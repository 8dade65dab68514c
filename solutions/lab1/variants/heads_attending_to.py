"""Right and wrong ways to find the heads that look at a word."""

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
