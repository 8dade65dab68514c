"""Right and wrong ways to draw an attention pattern."""

import numpy as np
from matplotlib import pyplot
from matplotlib.figure import Figure as BareFigure
from matplotlib.ticker import FixedFormatter, FixedLocator

from mechgrade.authoring.variants import accepted, misconception


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


@accepted
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


@accepted
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


@accepted
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
    "left. `imshow` draws rows downwards, and rows of a pattern are queries already."
)
def transposed(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.T.detach().cpu(), tokens, title)


@misconception(
    "The names of your axes are swapped. Rows are queries, and rows lie along the *y*-axis: `query` belongs there."
)
def axis_names_swapped(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, x="query", y="key")


@misconception(
    "Your axes have no names. Both carry the same tokens, so nobody can tell which of them looks and which is looked "
    "at."
)
def axes_not_named(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, x="", y="")


@misconception("There are no tokens on your axes, only the numbers that matplotlib puts there by itself.")
def tokens_missing(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, ticks=False)


@misconception(
    "You set the labels but not the places of the ticks: matplotlib had chosen places of its own, and the tokens are "
    "now at the wrong ones. Say where each label belongs."
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
    "position at the top left, as patterns are read."
)
def upside_down(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, origin="lower")


@misconception(
    "The colour bar is missing: a reader sees that one cell is darker than another, but not how much attention it is."
)
def no_colour_bar(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, bar=False)


@misconception(
    "You stretch every row so that its largest value is 1. Then a head that spreads its attention evenly looks as sure "
    "as one that gives all of it to one place. Draw the pattern as it is."
)
def rows_stretched(pattern, tokens, title):
    check_shape(pattern, tokens)
    numbers = pattern.detach().cpu()
    return drawn(numbers / numbers.amax(-1, keepdim=True), tokens, title)


@misconception(
    "You strip the spaces from the tokens. They belong to them, and the exercise asks for the texts as they are given."
)
def spaces_stripped(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), [token.strip() for token in tokens], title)


@misconception(
    "Your figure has no title, though one was given: without it the figure does not say which head it shows."
)
def title_forgotten(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, "")


@misconception(
    "You give the pattern to matplotlib as it is. A tensor that requires a gradient, or lies on a GPU, cannot be "
    "turned into an array: detach it and move it to the CPU first."
)
def not_detached(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.numpy(), tokens, title)


@misconception(
    "You return nothing: after `plt.show()` the figure is gone. Return the figure itself, so that the caller can save "
    "it."
)
def shown_not_returned(pattern, tokens, title):
    check_shape(pattern, tokens)
    drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "Your figures are right, but a pattern that does not fit the tokens goes through without a word. The docstring "
    "asks for a `ValueError` there."
)
def nothing_refused(pattern, tokens, title):
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception("You return the axes. Return the figure that they belong to, so that the caller can save it.")
def axes_returned(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title).axes[0]


@misconception(
    "With many tokens you leave out every second label. Label every position: make the figure larger, or turn the "
    "labels."
)
def every_second_label_when_long(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    if len(tokens) > 20:
        for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
            axis.set_ticks(range(0, len(tokens), 2), tokens[::2])
    return figure


@misconception("You cut a long title. The docstring asks for the title as given.")
def title_cut(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title[:40])


@misconception("Your labels have quotation marks: they show how Python writes the tokens. Use the texts as given.")
def labels_as_repr(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), [repr(token) for token in tokens], title)


@misconception(
    "Your labels stand at the ticks that matplotlib chose, and these are not the positions. Set the places of the "
    "ticks together with the labels."
)
def labels_at_chosen_places(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title, ticks=False)
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        axis.set_major_formatter(lambda place, tick: tokens[tick] if tick is not None and tick < len(tokens) else "")
    return figure


@misconception(
    "A token that occurs twice has its label at one place only. Label each *position*: two positions can have the "
    "same token."
)
def repeated_token_labelled_once(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    places = {token: place for place, token in enumerate(tokens)}
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        axis.set_ticks(list(places.values()), list(places))
    return figure


@misconception(
    "The attention to the first position is not in your picture: you set it to zero. Draw the pattern as it is."
)
def first_key_hidden(pattern, tokens, title):
    check_shape(pattern, tokens)
    numbers = pattern.detach().cpu().clone()
    numbers[1:, 0] = 0
    return drawn(numbers, tokens, title)


@misconception(
    "The second figure holds the first one too: you draw into a figure that is open already. Begin each call with "
    "a new figure, `plt.subplots()`."
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


@misconception("Long labels are cut in your figure. The docstring asks for the tokens as given.")
def long_labels_cut(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), [token[:9] + "." * (len(token) > 9) for token in tokens], title)


@misconception(
    "A pattern that does not fit the tokens ends in an `AssertionError`. The docstring asks for a `ValueError`: use "
    "`if` and `raise`, since Python can switch assertions off."
)
def asserted(pattern, tokens, title):
    assert tuple(pattern.shape) == (len(tokens), len(tokens))
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "A pattern with the right number of rows but too few columns goes through without a word. It must be a *square*: "
    "compare both sizes with the number of tokens."
)
def only_rows_checked(pattern, tokens, title):
    if len(pattern) != len(tokens):
        raise ValueError("pattern and tokens do not fit")
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "A square of another size than the tokens goes through without a word. Compare both of its sizes with the number "
    "of tokens."
)
def only_square_checked(pattern, tokens, title):
    if pattern.shape[0] != pattern.shape[1]:
        raise ValueError("not a square")
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "More tokens than the pattern has rows go through without a word, and the last tokens are dropped. Each token needs "
    "its row and its column: raise a `ValueError`."
)
def further_tokens_cut(pattern, tokens, title):
    tokens = tokens[: len(pattern)]
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title)


@misconception(
    "A second call with the same title draws into the first call's figure: `plt.figure` with a name gives the figure that "
    "has this name already. Begin each call with a new figure, `plt.subplots()`."
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
    "Your picture is mirrored: the first key is at the right. Keys go to the right, from the first position on."
)
def mirrored(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    figure.axes[0].invert_xaxis()
    return figure


@misconception(
    "Half of the first and of the last cells is cut off: the limits of your axes are the middles of these cells. `imshow` "
    "sets the limits at the cells' borders: leave them."
)
def outer_cells_cut(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    if len(tokens) > 1:
        figure.axes[0].set(xlim=(0, len(tokens) - 1), ylim=(len(tokens) - 1, 0))
    return figure


@misconception("Your picture is no image of `imshow`. The exercise asks for one image, drawn by `imshow`.")
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


@misconception("Your figure has more than one image of the pattern. Draw one.")
def two_images(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    figure.axes[0].imshow(pattern.detach().cpu(), alpha=0.5)
    return figure


@misconception("Your tokens are on the x-axis only. Label every position on both axes.")
def tokens_on_the_x_axis_only(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title, ticks=False)
    figure.axes[0].set_xticks(range(len(tokens)), tokens)
    return figure


@misconception("Your y-axis has no name. It is named `query`.")
def y_axis_not_named(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, y="")


@misconception("Your x-axis has no name. It is named `key`.")
def x_axis_not_named(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, title, x="")


@misconception("Your title has words of your own around the given one. The docstring asks for the title as given.")
def words_around_the_title(pattern, tokens, title):
    check_shape(pattern, tokens)
    return drawn(pattern.detach().cpu(), tokens, f"Attention pattern: {title}")


@misconception(
    "All values above one half have one colour in your picture, since your colours end at 0.5. Let the colours span the "
    "pattern's values."
)
def colours_end_at_one_half(pattern, tokens, title):
    check_shape(pattern, tokens)
    figure = drawn(pattern.detach().cpu(), tokens, title)
    figure.axes[0].get_images()[0].set_clim(0, 0.5)
    return figure


@misconception(
    "You refuse a pattern that fits: it has as many rows and columns as there are tokens. Raise the `ValueError` for others."
)
def bos_not_counted(pattern, tokens, title):
    if len(pattern) != len(tokens) + 1 or len(pattern) != pattern.shape[1]:
        raise ValueError("pattern and tokens do not fit")
    return drawn(pattern.detach().cpu(), tokens, title)
