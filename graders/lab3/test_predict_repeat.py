"""Grader of `predict_repeat`."""

import pytest

#: How far ahead of the second the most likely token must be, in logits: an answer must not depend on rounding.
MARGIN = 0.02


def decided(bench, prompts, n_tokens):
    """Those prompts, all of one length in tokens, that the model continues without hesitating anywhere."""
    import torch

    rows = [bench.model.to_tokens(prompt) for prompt in prompts]
    tokens = torch.cat([row for row in rows if row.shape == rows[0].shape])
    sure = torch.ones(len(tokens), dtype=torch.bool, device=tokens.device)
    for _ in range(n_tokens):
        with torch.no_grad():
            best = bench.model(tokens)[:, -1].topk(2)
        sure &= best.values[:, 0] - best.values[:, 1] > MARGIN
        tokens = torch.cat([tokens, best.indices[:, :1]], dim=1)
    same_length = [prompt for prompt, row in zip(prompts, rows, strict=True) if row.shape == rows[0].shape]
    return [prompt for prompt, good in zip(same_length, sure.tolist(), strict=True) if good]


def on_made_up_words(exercise, bench, *, count, length, n_tokens, seed):
    from interp.prompts import snippet_prompts

    prompts = [text for text, _ in snippet_prompts(count, seed, length)]
    return exercise.predict_repeat(bench.model, decided(bench, prompts, n_tokens), n_tokens)


def on_words_of_the_vocabulary(exercise, bench, *, count, length, again, n_tokens, seed):
    """Words drawn from the model's whole vocabulary, and the first ones again: no two calls see the same."""
    model = bench.model
    length = min(length, bench.n_ctx - 1 - again - n_tokens)  # with BOS before, and what is appended behind
    words = []
    for number in bench.integers(0, bench.d_vocab, (count * length * 8,), seed).tolist():
        word = model.to_string([number])
        if word[:1] == " " and word[1:].isalpha() and model.to_tokens(word, prepend_bos=False).tolist() == [[number]]:
            words.append(word)
        if len(words) == count * length:
            break
    prompts = []
    for start in range(0, count * length, length):
        row = words[start : start + length]
        prompts.append("".join(row + row[:again]))
    return exercise.predict_repeat(model, decided(bench, [p for p in prompts if p], n_tokens), n_tokens)


def on_prompts_of_unequal_length(exercise, bench, *, lengths, n_tokens, seed):
    from interp.prompts import snippet_prompts

    prompts = []
    for length in lengths:
        texts = [text for text, _ in snippet_prompts(4, seed, length)]
        prompts += decided(bench, texts, n_tokens)[:2]
    return exercise.predict_repeat(bench.model, prompts, n_tokens)


def on_any_text(exercise, bench, *, prompts, n_tokens):
    sure = [prompt for prompt in prompts if decided(bench, [prompt], n_tokens)]
    texts = exercise.predict_repeat(bench.model, sure, n_tokens)
    return {"texts": texts, "open_hooks": bench.open_hooks()}


def on_counts(exercise, bench, *, prompts, counts):
    """What is raised for some numbers of tokens, with and without prompts. The first one is possible."""
    raised, given = {}, []
    for several, n_tokens in [(prompts, counts[0]), *((some, n) for some in (prompts, []) for n in counts[1:])]:
        try:
            given.append(exercise.predict_repeat(bench.model, several, n_tokens))
            found = "nothing"
        except ValueError:
            found = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            found = type(error).__name__
        raised[f"{len(several) or 'no'} prompt{'s' * (not several)}, n_tokens={n_tokens}"] = found
    return {"raised": raised, "texts": given[0] if given else None}


def assert_texts(found):
    assert isinstance(found, list | tuple) and all(isinstance(text, str) for text in found), (
        "the result should be a list of texts, one for each prompt"
    )


@pytest.mark.points(1)
def test_made_up_words(compare, seed):
    """Made-up words that come again, as in 'abc def ghi abc': the next token."""
    for length in (3, 5):
        assert_texts(compare(on_made_up_words, count=6, length=length, n_tokens=1, seed=seed))


@pytest.mark.points(1)
@pytest.mark.needs(single_tokens=[" the"])
def test_several_tokens(compare, seed):
    """Words from the whole vocabulary, few or many, and the first of them again: the next four tokens."""
    for count, length in [(4, 7), (1, 60)]:
        found = compare(on_words_of_the_vocabulary, count=count, length=length, again=3, n_tokens=4, seed=seed)
        assert_texts(found)


@pytest.mark.points(1)
def test_unequal_lengths(compare, seed):
    """Prompts of several lengths in one call, in the order in which they were given."""
    assert_texts(compare(on_prompts_of_unequal_length, lengths=[6, 3, 4], n_tokens=2, seed=seed))


@pytest.mark.points(1)
def test_other_text(compare):
    """Other text, with an end-of-text token, letters of two tokens, or one prompt twice. No hook is left behind."""
    prompts = ["The capital of France is", "pqr pqr", "éé", "pqr pqr", "wug wug", "üü", "éü éü", "ñü"]
    assert_texts(compare(on_any_text, prompts=prompts, n_tokens=4)["texts"])


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Asking for no tokens, or for fewer, raises a ValueError, with and without prompts; asking for one does not."""
    compare(on_counts, prompts=["abc def ghi abc"], counts=[1, 0, -1, -2, -3, -5, -10, -100])
