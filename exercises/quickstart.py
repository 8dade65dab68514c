# Generated from solutions/quickstart.py by mechgrade build.
# %% [markdown]
# # Quickstart: inside a transformer in five minutes
#
# You load a language model, run it on one prompt with every intermediate result kept, look at what one attention head
# looks at, and list the heads that look at the word in question. There is nothing to fill in. Run the file as it is,
# cell by cell or as a whole:
#
# ```
# .venv/bin/python exercises/quickstart.py
# ```
#
# It takes the course's own small model, with no network and no GPU. `MODEL=gpt2-small` in front takes GPT-2 small, and
# not a line below changes.

# %% [markdown]
# ## Step 1. Load a model
#
# `open_bench()` gives the model as TransformerLens holds it: every intermediate result has a name, and can be read or
# replaced. A transformer is a stack of **layers**, and in each layer several **attention heads** work side by side.

# %%
from mechgrade.bench import open_bench, plots

bench = open_bench()
model = bench.model
print(f"Loaded a model with {model.cfg.n_layers} layers, {model.cfg.n_heads} heads per layer")

# %% [markdown]
# ## Step 2. Run it, and keep everything
#
# `run_with_cache` returns the **logits** (for every position, a score for each token that could come next) and a
# **cache** of all activations by name. How many entries that makes depends on the model and on TransformerLens's
# version; Lab 1 computes the number and the memory from the configuration.

# %%
prompt = "The capital of France is"
tokens = model.to_tokens(prompt)
logits, cache = model.run_with_cache(tokens)
print(f"Cached {len(cache)} activation tensors")
print(f"Top prediction: {model.tokenizer.decode([int(logits[0, -1].argmax())])!r}")

# %% [markdown]
# ## Step 3. See what a head attends to
#
# An attention **pattern** is a square of numbers: row = the position that looks, column = the position looked at, and
# each row sums to 1. Nothing is above the diagonal, because no token may look ahead. The picture is of one head of the
# last layer; choose others.

# %%
layer, head = model.cfg.n_layers - 1, 0
str_tokens = model.to_str_tokens(tokens[0])
plots.heatmap(
    cache["pattern", layer][0, head],
    x=str_tokens,
    y=str_tokens,
    xlabel="key (attends to)",
    ylabel="query (from)",
    title=f"What does layer {layer}, head {head} attend to?",
    value="attention",
    save="attention_patterns/quickstart",
)

# %% [markdown]
# ## Step 4. Find who looks at "France"
#
# The answer is predicted at the last position. Which heads look from there at the country? Mind the space: in the
# middle of a sentence GPT-2's token is `" France"`, so `str_tokens.index("France")` finds nothing. Compare without the
# spaces around.

# %%
places = [place for place, token in enumerate(str_tokens) if token.strip() == "France"]
for layer in range(model.cfg.n_layers):
    for head in range(model.cfg.n_heads):
        attention = cache["pattern", layer][0, head, -1, places].sum().item()
        if attention > 0.3:
            print(f"L{layer}H{head}: {attention:.0%} of its attention to 'France'")

# %% [markdown]
# ## What you did
#
# You loaded a model with its insides open, cached a whole computation, looked at an attention pattern, and named the
# heads that could have carried "France" to where the answer is made.
#
# *Could have.* Attention says where a head looks, not whether that matters for the answer. Here " France" stands right
# before the last token, so a head that always looks one token back is in your list as well. The labs ask the questions
# that come next:
#
# 1. **Lab 1** takes the model's stream of information apart, and measures what each head adds to the answer.
# 2. **Lab 2** replaces activations by those of another run, to see which of them *cause* the answer.
# 3. **Lab 3** finds induction heads, a circuit of two heads that learns within the prompt.
# 4. **Lab 4** looks for features that share neurons, with sparse autoencoders.
#
# Start with `exercises/lab1/describe_model.py`, and grade it with `make grade LAB=lab1`.
