"""Right and wrong ways to ask what comes next."""

import numpy as np
import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_k(model, k):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if not 1 <= k <= model.cfg.d_vocab:
        raise ValueError("k must be between 1 and the size of the vocabulary")


def listed(model, values, k):
    """The k highest of some numbers over the vocabulary, with the tokens' texts."""
    best, ids = values.topk(k)
    return [(model.to_string([token]), value) for token, value in zip(ids.tolist(), best.tolist(), strict=True)]


@accepted
def by_sorting(model, prompt, k):
    """Exponentials by hand in float64, and Python's sort."""
    refuse_k(model, k)
    logits = model(model.to_tokens([prompt]))[0, -1].double()
    weights = (logits - logits.max()).exp()
    pairs = enumerate((weights / weights.sum()).tolist())
    best = sorted(pairs, key=lambda pair: -pair[1])[:k]
    return [(model.to_string([token]), probability) for token, probability in best]


@accepted
def by_log_softmax(model, prompt, k):
    """The prompt as a string to the model itself; log-probabilities, and argsort."""
    refuse_k(model, k)
    with torch.inference_mode():
        log_probs = model(prompt)[:, -1, :].log_softmax(-1).squeeze(0)
    order = log_probs.argsort(descending=True)[:k]
    return [[model.to_string([int(token)]), log_probs[token].exp().item()] for token in order]


@misconception(
    "Your numbers are logits, not probabilities: they may be negative or larger than 1. The softmax over the "
    "vocabulary is missing."
)
def logits_for_probabilities(model, prompt, k):
    refuse_k(model, k)
    return listed(model, model(model.to_tokens(prompt))[0, -1], k)


@misconception(
    "Your numbers are *log*-probabilities: none is above 0. The exercise asks for the probabilities themselves."
)
def log_probabilities(model, prompt, k):
    refuse_k(model, k)
    return listed(model, model(model.to_tokens(prompt))[0, -1].log_softmax(-1), k)


@misconception(
    "You read the prediction at the first position. There the model has seen nothing but BOS, so your answer is the "
    "same for every prompt. Which position has read the whole prompt?"
)
def first_position(model, prompt, k):
    refuse_k(model, k)
    return listed(model, model(model.to_tokens(prompt))[0, 0].softmax(-1), k)


@misconception(
    "You read one position too early: the prediction there is of the prompt's own last token. What continues the "
    "prompt is predicted at its last position."
)
def position_before_last(model, prompt, k):
    refuse_k(model, k)
    return listed(model, model(model.to_tokens(prompt))[0, -2].softmax(-1), k)


@misconception(
    "All your probabilities are 1: your softmax runs over the batch, which has one entry. It should run over the "
    "vocabulary, the last axis."
)
def softmax_over_the_batch(model, prompt, k):
    refuse_k(model, k)
    logits = model(model.to_tokens(prompt))
    _, ids = logits[0, -1].topk(k)
    return [(model.to_string([token]), logits.softmax(0)[0, -1, token].item()) for token in ids.tolist()]


@misconception(
    "Your softmax runs over the positions of the prompt. It asks at which position a token is most expected. It should "
    "run over the vocabulary, so that the probabilities of all tokens at one position sum to 1."
)
def softmax_over_positions(model, prompt, k):
    refuse_k(model, k)
    return listed(model, model(model.to_tokens(prompt)).softmax(1)[0, -1], k)


@misconception(
    "You take the softmax over the k best logits only, so your probabilities always sum to 1. The other tokens have "
    "their share too: softmax over the whole vocabulary first, then choose."
)
def softmax_after_topk(model, prompt, k):
    refuse_k(model, k)
    best, ids = model(model.to_tokens(prompt))[0, -1].topk(k)
    return [(model.to_string([t]), p) for t, p in zip(ids.tolist(), best.softmax(-1).tolist(), strict=True)]


@misconception(
    "You average the predictions of all positions. Each position predicts its own next token; only the last predicts "
    "what continues the prompt."
)
def mean_over_positions(model, prompt, k):
    refuse_k(model, k)
    return listed(model, model(model.to_tokens(prompt))[0].softmax(-1).mean(0), k)


@misconception(
    "Your prompt has no BOS in front: you tokenise without it. The reference puts it there, as the course "
    "does everywhere: without it every token stands one position earlier, and the logits differ. `model.to_tokens` adds it unless "
    "told otherwise."
)
def without_bos(model, prompt, k):
    refuse_k(model, k)
    return listed(model, model(model.to_tokens(prompt, prepend_bos=False))[0, -1].softmax(-1), k)


@misconception(
    "You strip the space from the tokens' texts. It belongs to the token: `' Paris'` and `'Paris'` are two different "
    "entries of the vocabulary."
)
def spaces_stripped(model, prompt, k):
    refuse_k(model, k)
    found = listed(model, model(model.to_tokens(prompt))[0, -1].softmax(-1), k)
    return [(text.strip(), probability) for text, probability in found]


@misconception(
    "Your list is in the wrong order: the least likely of the k comes first. The docstring asks for the most likely "
    "first."
)
def ascending(model, prompt, k):
    refuse_k(model, k)
    return listed(model, model(model.to_tokens(prompt))[0, -1].softmax(-1), k)[::-1]


@misconception(
    "Your answers are right, but a `k` that makes no sense goes through without a word. The docstring asks for a "
    "`ValueError` there."
)
def nothing_refused(model, prompt, k):
    return listed(model, model(model.to_tokens(prompt))[0, -1].softmax(-1), max(0, min(k, model.cfg.d_vocab)))


def probabilities(model, prompt):
    """The model's probabilities after a prompt."""
    return model(model.to_tokens(prompt))[0, -1].softmax(-1)


@misconception(
    "BOS stands twice before your prompt: you write it, and `model.to_tokens` adds it again. Let only one of them do it."
)
def bos_twice(model, prompt, k):
    refuse_k(model, k)
    return listed(model, probabilities(model, model.tokenizer.bos_token + prompt), k)


@misconception(
    "You strip the spaces around the prompt. A space at the end is a token of its own, and the model continues behind it."
)
def prompt_stripped(model, prompt, k):
    refuse_k(model, k)
    return listed(model, probabilities(model, prompt.strip()), k)


@misconception(
    "Where the prompt ends in a space you read one position too early. The space is part of the prompt: read the last "
    "position."
)
def trailing_space_skipped(model, prompt, k):
    refuse_k(model, k)
    place = -2 if prompt.endswith(" ") else -1
    return listed(model, model(model.to_tokens(prompt))[0, place].softmax(-1), k)


@misconception(
    "For an empty prompt your list is empty. BOS alone is the input then, and the model predicts what comes first."
)
def empty_prompt_gives_nothing(model, prompt, k):
    refuse_k(model, k)
    return listed(model, probabilities(model, prompt), k) if prompt else []


@misconception(
    "For large logits your probabilities are NaN: the exponential overflows. `softmax` subtracts the largest logit "
    "first; use it, or do the same."
)
def exponentials_overflow(model, prompt, k):
    refuse_k(model, k)
    weights = model(model.to_tokens(prompt))[0, -1].exp()
    return listed(model, weights / weights.sum(), k)


@misconception("You round the probabilities. Return them as they are: rare tokens become 0 in yours.")
def rounded(model, prompt, k):
    refuse_k(model, k)
    return [(text, round(value, 4)) for text, value in listed(model, probabilities(model, prompt), k)]


@misconception("Your probabilities are tensors. Finish with `.item()` or `.tolist()`, so that they are Python floats.")
def tensors_for_numbers(model, prompt, k):
    refuse_k(model, k)
    best, ids = probabilities(model, prompt).topk(k)
    return [(model.tokenizer.decode([token]), value) for token, value in zip(ids.tolist(), best, strict=True)]


@misconception(
    "Tokens with the same text share one entry in yours, as keys of a dict do. Two tokens are two pairs, also with the "
    "same text."
)
def same_text_merged(model, prompt, k):
    refuse_k(model, k)
    return list(dict(listed(model, probabilities(model, prompt), k)).items())


@misconception(
    "The end-of-text token is never in your list. The model predicts it like any other token: it says that the text ends."
)
def special_tokens_left_out(model, prompt, k):
    refuse_k(model, k)
    values = probabilities(model, prompt).clone()
    values[model.tokenizer.all_special_ids] = -1
    return [pair for pair in listed(model, values, k) if pair[1] >= 0]


@misconception("The end-of-text token has an empty text in yours. Decode it with its text, `<|endoftext|>`.")
def special_tokens_without_text(model, prompt, k):
    refuse_k(model, k)
    best, ids = probabilities(model, prompt).topk(k)
    texts = [model.tokenizer.decode([token], skip_special_tokens=True) for token in ids.tolist()]
    return list(zip(texts, best.tolist(), strict=True))


@misconception(
    "Your texts are spelt as in the vocabulary, where `Ġ` stands for a space. `model.tokenizer.decode` gives the text "
    "itself."
)
def vocabulary_spelling(model, prompt, k):
    refuse_k(model, k)
    best, ids = probabilities(model, prompt).topk(k)
    return list(zip(model.tokenizer.convert_ids_to_tokens(ids.tolist()), best.tolist(), strict=True))


@misconception(
    "A negative `k` goes through without a word: a slice with a negative number counts from the end. The docstring asks "
    "for a `ValueError` there."
)
def negative_counts_from_the_end(model, prompt, k):
    if k == 0 or k > model.cfg.d_vocab:
        raise ValueError("k must be between 1 and the size of the vocabulary")
    return listed(model, probabilities(model, prompt), model.cfg.d_vocab)[:k]


@misconception(
    "More tokens than the vocabulary has go through without a word. The docstring asks for a `ValueError` there too."
)
def too_many_capped(model, prompt, k):
    refuse_k(model, min(k, model.cfg.d_vocab))
    return listed(model, probabilities(model, prompt), min(k, model.cfg.d_vocab))


@misconception(
    "More tokens than the vocabulary has end in the `RuntimeError` of `topk`. Compare `k` with the size of the "
    "vocabulary first, and raise a `ValueError`."
)
def runtime_error_for_too_many(model, prompt, k):
    refuse_k(model, min(k, model.cfg.d_vocab))
    return listed(model, probabilities(model, prompt), k)


@misconception(
    "`k = 0` goes through without a word, and gives an empty list. The docstring asks for a `ValueError` below 1."
)
def zero_gives_nothing(model, prompt, k):
    if k < 0 or k > model.cfg.d_vocab:
        raise ValueError("k must be between 1 and the size of the vocabulary")
    return listed(model, probabilities(model, prompt), k)


@misconception(
    "A prompt that begins with the end-of-text token gets no BOS in front. The text is taken as it is: BOS is put before "
    "every prompt."
)
def no_bos_before_a_special_token(model, prompt, k):
    refuse_k(model, k)
    own = prompt.startswith(model.tokenizer.bos_token)
    return listed(model, model(model.to_tokens(prompt, prepend_bos=not own))[0, -1].softmax(-1), k)


@misconception(
    "Tokens with a small probability are missing in your list. Give `k` pairs, however unlikely the last ones are."
)
def unlikely_tokens_left_out(model, prompt, k):
    refuse_k(model, k)
    return [pair for pair in listed(model, probabilities(model, prompt), k) if pair[1] > 1e-4]


@misconception("Your list has one pair more than `k`.")
def one_pair_more(model, prompt, k):
    refuse_k(model, k)
    return listed(model, probabilities(model, prompt), min(k + 1, model.cfg.d_vocab))


@misconception("Your probabilities are NumPy numbers. Finish with `float(...)`, so that they are Python floats.")
def numpy_floats(model, prompt, k):
    refuse_k(model, k)
    found = listed(model, probabilities(model, prompt), k)
    return [(text, np.float64(value)) for text, value in found]


@misconception("Your tokens are their numbers in the vocabulary. The docstring asks for their texts.")
def ids_for_texts(model, prompt, k):
    refuse_k(model, k)
    best, ids = probabilities(model, prompt).topk(k)
    return list(zip(ids.tolist(), best.tolist(), strict=True))


@misconception("Your pairs begin with the probability. The text comes first: `(text, probability)`.")
def probability_before_text(model, prompt, k):
    refuse_k(model, k)
    return [(value, text) for text, value in listed(model, probabilities(model, prompt), k)]


@misconception(
    "You refuse a `k` that is the size of the vocabulary. Only a larger `k` asks for more tokens than there are."
)
def whole_vocabulary_refused(model, prompt, k):
    refuse_k(model, k + 1)
    return listed(model, probabilities(model, prompt), k)


@misconception(
    "Tokens with the same text share one entry in yours, with the probability of the likeliest. Two tokens are two pairs, "
    "also with the same text."
)
def likeliest_of_the_same_text(model, prompt, k):
    refuse_k(model, k)
    best = {}
    for text, value in listed(model, probabilities(model, prompt), k):
        best.setdefault(text, value)
    return list(best.items())


@misconception(
    "Tokens with the same text share one entry in yours, with their probabilities added up. Two tokens are two pairs, "
    "also with the same text."
)
def same_text_added_up(model, prompt, k):
    refuse_k(model, k)
    total = {}
    for text, value in listed(model, probabilities(model, prompt), k):
        total[text] = total.get(text, 0.0) + value
    return list(total.items())


@misconception(
    "You let the model go on: your pairs are the next `k` tokens, one after the other. All of yours should compete for the "
    "*same* place, the next one."
)
def written_on(model, prompt, k):
    refuse_k(model, k)
    tokens, found = model.to_tokens(prompt), []
    for _ in range(min(k, 5)):
        best, place = model(tokens)[0, -1].softmax(-1).max(-1)
        found.append((model.to_string([place.item()]), best.item()))
        tokens = torch.cat([tokens, place[None, None]], dim=1)
    return found


@misconception("Your probabilities are in per cent. Return the shares of 1 that the softmax gives.")
def percent(model, prompt, k):
    refuse_k(model, k)
    return [(text, 100 * value) for text, value in listed(model, probabilities(model, prompt), k)]


@misconception("You round the probabilities to two digits. Return them as they are.")
def rounded_to_two(model, prompt, k):
    refuse_k(model, k)
    return [(text, round(value, 2)) for text, value in listed(model, probabilities(model, prompt), k)]


@misconception(
    "Your numbers are relative to the likeliest token, which always has 1 in yours. The probabilities of all tokens sum to "
    "1."
)
def relative_to_the_best(model, prompt, k):
    refuse_k(model, k)
    values = probabilities(model, prompt)
    return listed(model, values / values.max(), k)


@misconception(
    "A `k` that makes no sense ends in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and `raise`."
)
def asserted(model, prompt, k):
    assert 1 <= k <= model.cfg.d_vocab
    return listed(model, probabilities(model, prompt), k)


@misconception("You refuse an empty prompt. BOS alone is the input then, and the model predicts what comes first.")
def empty_prompt_refused(model, prompt, k):
    refuse_k(model, k)
    if not prompt:
        raise ValueError("the prompt is empty")
    return listed(model, probabilities(model, prompt), k)


@misconception("Your list has one pair too few, where `k` is more than 1.")
def one_pair_too_few(model, prompt, k):
    refuse_k(model, k)
    return listed(model, probabilities(model, prompt), max(k - 1, 1))
