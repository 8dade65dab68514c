"""Labels of concepts for any tokenizer: wrong ones would teach and judge the wrong latents."""

import pytest

from interp.labels import concepts_of_pieces
from interp.prompts import concepts_at, mixed_prompts


def test_the_course_tokenizer_cuts_at_words() -> None:
    """Where the pieces are the words, the labels are those of the words."""
    for words in mixed_prompts(50, seed=1):
        assert concepts_of_pieces(words, words) == concepts_at(words)


def test_a_word_in_pieces_keeps_its_concept() -> None:
    """A name that another tokenizer cuts in two is a name in both parts, and its neighbours are not."""
    words = ("Mary", " went", " to", " the", " store", ".")
    pieces = ("M", "ary", " went", " to", " the", " st", "ore", ".")
    found = concepts_of_pieces(words, pieces)
    assert ["name" in concepts for concepts in found] == [True, True, *[False] * 6]
    assert ["place" in concepts for concepts in found] == [*[False] * 5, True, True, False]


def test_other_text_is_refused() -> None:
    """Pieces of another text would shift all labels unnoticed."""
    with pytest.raises(ValueError, match="spell"):
        concepts_of_pieces(("Mary", " went"), ("Mary", "went"))
