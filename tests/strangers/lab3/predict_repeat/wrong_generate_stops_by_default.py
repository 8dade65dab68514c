"""Broken: "An end-of-text token is a token like any other, and stops nothing." The library's generate stops at it,
as it does by default.
"""


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")
    answers = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        longer = model.generate(tokens, max_new_tokens=n_tokens, do_sample=False, return_type="tokens", verbose=False)
        answers.append(model.to_string(longer[0, tokens.shape[1] :]))
    return answers
