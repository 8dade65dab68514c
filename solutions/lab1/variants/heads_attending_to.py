"""Right and wrong ways to draw a pattern, and to find the heads that look at a word."""

import numpy as np
import torch
from matplotlib import pyplot
from matplotlib.figure import Figure as BareFigure
from matplotlib.ticker import FixedFormatter, FixedLocator

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


@misconception(
    "A head that is above the threshold by a little is missing from your list. Compare the attention as it is with the threshold as it "
    "is: no rounding, and no tolerance."
)
def clearly_above(pattern, str_tokens, word, threshold):
    attention = pattern[:, :, -1, all_places(str_tokens, word)].sum(-1)
    return listed(attention, threshold + 1e-5)


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


# --- the picture ---


def check_shape(pattern, tokens):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if tuple(pattern.shape) != (len(tokens), len(tokens)):
        raise ValueError("pattern and tokens do not fit")


def drawn(pattern, tokens, title, *, x="key", y="query", origin="upper", bar=True, ticks=True):
    """A figure from an array, with things that may go wrong."""
    figure = BareFigure()
    axes = figure.subplots()
    image = axes.imshow(pattern, origin=origin)
    if ticks:
        axes.set_xticks(range(len(tokens)), tokens)
        axes.set_yticks(range(len(tokens)), tokens)
    axes.set(xlabel=x, ylabel=y, title=title)
    if bar:
        figure.colorbar(image)
    return figure


@accepted(replaces="plot_attention")
def by_state(pattern, tokens, title):
    """The commands of pyplot one after the other, as in many notebooks."""
    check_shape(pattern, tokens)
    pyplot.figure(figsize=(5, 4))
    pyplot.imshow(pattern.detach().cpu().tolist(), cmap="viridis", aspect="auto")
    pyplot.xticks(range(len(tokens)), tokens, rotation=45)
    pyplot.yticks(range(len(tokens)), tokens)
    pyplot.xlabel("Key position (to)")
    pyplot.ylabel("Query position (from)")
    pyplot.title(title)
    pyplot.colorbar()
    return pyplot.gcf()


@accepted(replaces="plot_attention")
def by_bare_figure(pattern, tokens, title):
    """A figure without pyplot; cell borders by an extent that is written out; numbers in the cells."""
    check_shape(pattern, tokens)
    numbers = np.asarray(pattern.detach().cpu(), dtype=float)
    figure = BareFigure()
    axes = figure.add_subplot()
    last = len(tokens) - 0.5
    image = axes.imshow(numbers, extent=(-0.5, last, last, -0.5), interpolation="nearest")
    for row, column in np.ndindex(numbers.shape):
        axes.text(column, row, f"{numbers[row, column]:.1f}", ha="center", va="center")
    places = np.arange(len(tokens))
    axes.set_xticks(places)
    axes.set_xticklabels(tokens)
    axes.set_yticks(places)
    axes.set_yticklabels(tokens)
    axes.set_xlabel("key")
    axes.set_ylabel("query")
    axes.set_title(title)
    figure.colorbar(image, ax=axes)
    return figure


@accepted(replaces="plot_attention")
def by_titled_figure(pattern, tokens, title):
    """Locators and formatters; keys above the image; the title over the whole figure."""
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, "", ticks=False)
    axes = figure.axes[0]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(FixedLocator(list(range(len(tokens)))))
        axis.set_major_formatter(FixedFormatter(tokens))
    axes.xaxis.tick_top()
    figure.suptitle(title)
    return figure


@misconception(
    "Your image is transposed: it has keys downwards and queries to the right, and the mask's empty half at the lower "
    "left. `imshow` draws rows downwards, and rows of a pattern are queries already.",
    replaces="plot_attention",
)
def transposed(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.T.detach().cpu(), tokens, title)


@misconception(
    "The names of your axes are swapped. Rows are queries, and rows lie along the *y*-axis: `query` belongs there.",
    replaces="plot_attention",
)
def axis_names_swapped(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, x="query", y="key")


@misconception(
    "Your axes have no names. Both carry the same tokens, so nobody can tell which of them looks and which is looked "
    "at.",
    replaces="plot_attention",
)
def axes_not_named(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, x="", y="")


@misconception(
    "There are no tokens on your axes, only the numbers that matplotlib puts there by itself.",
    replaces="plot_attention",
)
def tokens_missing(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, ticks=False)


@misconception(
    "You set the labels but not the places of the ticks: matplotlib had chosen places of its own, and the tokens are "
    "now at the wrong ones. Say where each label belongs.",
    replaces="plot_attention",
)
def labels_without_places(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title, ticks=False)
    axes = figure.axes[0]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(np.linspace(0, len(tokens) - 1, len(tokens)) - 0.5, tokens)
    return figure


@misconception(
    'Your picture is upside down: the first query is at the bottom (`origin="lower"`). The exercise asks for the first '
    "position at the top left, as patterns are read.",
    replaces="plot_attention",
)
def upside_down(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, origin="lower")


@misconception(
    "The colour bar is missing: a reader sees that one cell is darker than another, but not how much attention it is.",
    replaces="plot_attention",
)
def no_colour_bar(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, bar=False)


@misconception(
    "You stretch every row so that its largest value is 1. Then a head that spreads its attention evenly looks as sure "
    "as one that gives all of it to one place. Draw the pattern as it is.",
    replaces="plot_attention",
)
def rows_stretched(pattern, tokens, title):
    check_shape(pattern, tokens)
    numbers = pattern.detach().cpu()
    return drawn(numbers / numbers.amax(-1, keepdim=True), tokens, title)


@misconception(
    "You strip the spaces from the tokens. They belong to them, and the exercise asks for the texts as they are given.",
    replaces="plot_attention",
)
def spaces_stripped(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), [token.strip() for token in tokens], title)


@misconception(
    "Your figure has no title, though one was given: without it the figure does not say which head it shows.",
    replaces="plot_attention",
)
def title_forgotten(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, "")


@misconception(
    "You give the pattern to matplotlib as it is. A tensor that requires a gradient, or lies on a GPU, cannot be "
    "turned into an array: detach it and move it to the CPU first.",
    replaces="plot_attention",
)
def not_detached(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.numpy(), tokens, title)


@misconception(
    "You return nothing: after `plt.show()` the figure is gone. Return the figure itself, so that the caller can save "
    "it.",
    replaces="plot_attention",
)
def shown_not_returned(pattern, tokens, title):
    check_shape(pattern, tokens)
    drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "Your figures are right, but a pattern that does not fit the tokens goes through without a word. The docstring "
    "asks for a `ValueError` there.",
    replaces="plot_attention",
)
def nothing_refused(pattern, tokens, title):
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "You return the axes. Return the figure that they belong to, so that the caller can save it.",
    replaces="plot_attention",
)
def axes_returned(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title).axes[0]


@misconception(
    "With many tokens you leave out every second label. Label every position: make the figure larger, or turn the "
    "labels.",
    replaces="plot_attention",
)
def every_second_label_when_long(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    if len(tokens) > 20:
        for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
            axis.set_ticks(range(0, len(tokens), 2), tokens[::2])
    return figure


@misconception("You cut a long title. The docstring asks for the title as given.", replaces="plot_attention")
def title_cut(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title[:40])


@misconception(
    "Your labels have quotation marks: they show how Python writes the tokens. Use the texts as given.",
    replaces="plot_attention",
)
def labels_as_repr(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), [repr(token) for token in tokens], title)


@misconception(
    "Your labels stand at the ticks that matplotlib chose, and these are not the positions. Set the places of the "
    "ticks together with the labels.",
    replaces="plot_attention",
)
def labels_at_chosen_places(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title, ticks=False)
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        axis.set_major_formatter(lambda place, tick: tokens[tick] if tick is not None and tick < len(tokens) else "")
    return figure


@misconception(
    "A token that occurs twice has its label at one place only. Label each *position*: two positions can have the "
    "same token.",
    replaces="plot_attention",
)
def repeated_token_labelled_once(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    places = {token: place for place, token in enumerate(tokens)}
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        axis.set_ticks(list(places.values()), list(places))
    return figure


@misconception(
    "The attention to the first position is not in your picture: you set it to zero. Draw the pattern as it is.",
    replaces="plot_attention",
)
def first_key_hidden(pattern, tokens, title):
    check_shape(pattern, tokens)
    numbers = pattern.detach().cpu().clone()
    numbers[1:, 0] = 0
    return drawn(numbers, tokens, title)


@misconception(
    "The second figure holds the first one too: you draw into a figure that is open already. Begin each call with "
    "a new figure, `plt.subplots()`.",
    replaces="plot_attention",
)
def drawn_into_the_open_figure(pattern, tokens, title):
    check_shape(pattern, tokens)
    pyplot.imshow(pattern.detach().cpu())
    pyplot.xticks(range(len(tokens)), tokens)
    pyplot.yticks(range(len(tokens)), tokens)
    pyplot.xlabel("key")
    pyplot.ylabel("query")
    pyplot.title(title)
    pyplot.colorbar()
    return pyplot.gcf()


@misconception(
    "Long labels are cut in your figure. The docstring asks for the tokens as given.", replaces="plot_attention"
)
def long_labels_cut(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), [token[:9] + "." * (len(token) > 9) for token in tokens], title)


@misconception(
    "A pattern that does not fit the tokens ends in an `AssertionError`. The docstring asks for a `ValueError`: use "
    "`if` and `raise`, since Python can switch assertions off.",
    replaces="plot_attention",
)
def asserted(pattern, tokens, title):
    assert tuple(pattern.shape) == (len(tokens), len(tokens))
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "A pattern with the right number of rows but another number of columns goes through without a word. It must be a *square*: "
    "compare both sizes with the number of tokens.",
    replaces="plot_attention",
)
def only_rows_checked(pattern, tokens, title):
    if len(pattern) != len(tokens):
        raise ValueError("pattern and tokens do not fit")
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "A square of another size than the tokens goes through without a word. Compare both of its sizes with the number "
    "of tokens.",
    replaces="plot_attention",
)
def only_square_checked(pattern, tokens, title):
    if pattern.shape[0] != pattern.shape[1]:
        raise ValueError("not a square")
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "More tokens than the pattern has rows go through without a word, and the last tokens are dropped. Each token needs "
    "its row and its column: raise a `ValueError`.",
    replaces="plot_attention",
)
def further_tokens_cut(pattern, tokens, title):
    tokens = tokens[: len(pattern)]
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "A second call with the same title draws into the first call's figure: `plt.figure` with a name gives the figure that "
    "has this name already. Begin each call with a new figure, `plt.subplots()`.",
    replaces="plot_attention",
)
def one_figure_for_each_title(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = pyplot.figure(num=title, clear=True)
    axes = figure.subplots()
    image = axes.imshow(pattern.detach().cpu())
    axes.set_xticks(range(len(tokens)), tokens)
    axes.set_yticks(range(len(tokens)), tokens)
    axes.set(xlabel="key", ylabel="query", title=title)
    figure.colorbar(image)
    return figure


@misconception(
    "Your picture is mirrored: the first key is at the right. Keys go to the right, from the first position on.",
    replaces="plot_attention",
)
def mirrored(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    figure.axes[0].invert_xaxis()
    return figure


@misconception(
    "Half of the first and of the last cells is cut off: the limits of your axes are the middles of these cells. `imshow` "
    "sets the limits at the cells' borders: leave them.",
    replaces="plot_attention",
)
def outer_cells_cut(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    if len(tokens) > 1:
        figure.axes[0].set(xlim=(0, len(tokens) - 1), ylim=(len(tokens) - 1, 0))
    return figure


@misconception(
    "Your picture is no image of `imshow`. The exercise asks for one image, drawn by `imshow`.",
    replaces="plot_attention",
)
def mesh_for_image(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = BareFigure()
    axes = figure.subplots()
    mesh = axes.pcolormesh(pattern.detach().cpu())
    axes.invert_yaxis()
    places = np.arange(len(tokens)) + 0.5
    axes.set_xticks(places, tokens)
    axes.set_yticks(places, tokens)
    axes.set(xlabel="key", ylabel="query", title=title)
    figure.colorbar(mesh)
    return figure


@misconception("Your figure has more than one image of the pattern. Draw one.", replaces="plot_attention")
def two_images(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    figure.axes[0].imshow(pattern.detach().cpu(), alpha=0.5)
    return figure


@misconception("Your tokens are on the x-axis only. Label every position on both axes.", replaces="plot_attention")
def tokens_on_the_x_axis_only(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title, ticks=False)
    figure.axes[0].set_xticks(range(len(tokens)), tokens)
    return figure


@misconception("Your y-axis has no name. It is named `query`.", replaces="plot_attention")
def y_axis_not_named(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, y="")


@misconception("Your x-axis has no name. It is named `key`.", replaces="plot_attention")
def x_axis_not_named(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, x="")


@misconception(
    "Your title has words of your own around the given one. The docstring asks for the title as given.",
    replaces="plot_attention",
)
def words_around_the_title(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, f"Attention pattern: {title}")


@misconception(
    "All values above one half have one colour in your picture, since your colours end at 0.5. Let the colours span the "
    "pattern's values.",
    replaces="plot_attention",
)
def colours_end_at_one_half(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    figure.axes[0].get_images()[0].set_clim(0, 0.5)
    return figure


@misconception(
    "You refuse a pattern that fits: it has as many rows and columns as there are tokens. Raise the `ValueError` for others.",
    replaces="plot_attention",
)
def bos_not_counted(pattern, tokens, title):
    if len(pattern) != len(tokens) + 1 or len(pattern) != pattern.shape[1]:
        raise ValueError("pattern and tokens do not fit")
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "You look one position before the word: places are counted from 0, and BOS has one too. `str_tokens` and the pattern "
    "count alike."
)
def one_place_too_early(pattern, str_tokens, word, threshold):
    return listed(pattern[:, :, -1, [place - 1 for place in all_places(str_tokens, word)]].sum(-1), threshold)


@misconception("You look one position behind the word. `str_tokens` and the pattern count alike, from 0.")
def one_place_too_late(pattern, str_tokens, word, threshold):
    places = [(place + 1) % len(str_tokens) for place in all_places(str_tokens, word)]
    return listed(pattern[:, :, -1, places].sum(-1), threshold)


@misconception(
    "Where no head is above the threshold you raise a `ValueError`. That is no error: the docstring asks for an empty list."
)
def none_above_refused(pattern, str_tokens, word, threshold):
    found = listed(pattern[:, :, -1, all_places(str_tokens, word)].sum(-1), threshold)
    if not found:
        raise ValueError("no head attends to it")
    return found


@misconception(
    "You compare the sum over the places with the threshold times the number of places. The sum itself is compared."
)
def threshold_for_each_place(pattern, str_tokens, word, threshold):
    places = all_places(str_tokens, word)
    attention = pattern[:, :, -1, places].sum(-1)
    found = listed(attention, -float("inf"))
    return [entry for entry in found if entry[2] > threshold * len(places)]


@misconception(
    "A word that is not in the prompt ends in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and `raise`."
)
def absent_asserted(pattern, str_tokens, word, threshold):
    places = [place for place, token in enumerate(str_tokens) if token.strip() == word.strip()]
    assert places
    return at(pattern, places, threshold)


@misconception(
    "You sum over the heads of each layer before you compare. Each head is held against the threshold alone."
)
def heads_of_a_layer_together(pattern, str_tokens, word, threshold):
    attention = pattern[:, :, -1, all_places(str_tokens, word)].sum(-1)
    return listed(attention.sum(1, keepdim=True).expand_as(attention), threshold)


@misconception("Your list has heads *below* the threshold. The docstring asks for those above it.")
def below_the_threshold(pattern, str_tokens, word, threshold):
    found = listed(pattern[:, :, -1, all_places(str_tokens, word)].sum(-1), -float("inf"))
    return [entry for entry in found if entry[2] < threshold]


@misconception(
    "The attention to the future is missing in your picture: the cells above the diagonal are NaN or masked. Draw the pattern "
    "as it is, with its zeros.",
    replaces="plot_attention",
)
def future_hidden(pattern, tokens, title):
    check_shape(pattern, tokens)
    numbers = pattern.detach().cpu()
    return drawn(numbers.masked_fill(numbers.new_ones(numbers.shape).triu(1).bool(), float("nan")), tokens, title)


@misconception(
    "The first position is missing in your picture. BOS is a token like the others: draw the whole pattern.",
    replaces="plot_attention",
)
def first_position_left_out(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern[1:, 1:].detach().cpu(), tokens[1:], title)


@misconception("You draw logarithms of the attention. Draw the pattern itself.", replaces="plot_attention")
def logarithms_drawn(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn((pattern.detach().cpu() + 1e-9).log(), tokens, title)


@misconception(
    "You draw the attention in per cent. Draw the pattern itself, with values up to 1.", replaces="plot_attention"
)
def percent_drawn(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(100 * pattern.detach().cpu(), tokens, title)


@misconception(
    "Your labels carry their position, such as `3: of`. The docstring asks for the tokens as given.",
    replaces="plot_attention",
)
def numbered_labels(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), [f"{place}: {token}" for place, token in enumerate(tokens)], title)


@misconception("Your tokens are on the y-axis only. Label every position on both axes.", replaces="plot_attention")
def tokens_on_the_y_axis_only(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title, ticks=False)
    figure.axes[0].set_yticks(range(len(tokens)), tokens)
    return figure


@misconception("You return figure and axes. Return the figure alone.", replaces="plot_attention")
def figure_and_axes(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    return figure, figure.axes[0]


@misconception(
    "A pattern with the right number of columns but another number of rows goes through without a word. Compare both sizes "
    "with the number of tokens.",
    replaces="plot_attention",
)
def only_columns_checked(pattern, tokens, title):
    if pattern.shape[1] != len(tokens):
        raise ValueError("pattern and tokens do not fit")
    return drawn(pattern.detach().cpu(), tokens, title)
