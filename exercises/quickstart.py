# Generated from solutions/quickstart.py by mechgrade build.
# %% [markdown]
# # Quickstart: inside a transformer in five minutes
#
# You will load a language model and run it on one prompt. The run keeps every intermediate result. Then you look at one
# attention head, and you list the heads that look at a word. There is nothing to fill in. Run the file cell by cell, or
# all at once:
#
# ```
# .venv/bin/python exercises/quickstart.py
# ```
#
# The file uses the course's own small model, without a network and without a GPU. Put `MODEL=gpt2-small` in front of
# the command to use GPT-2 small. The code stays the same.

# %% [markdown]
# ## Step 1. Load a model
#
# `open_bench()` gives you the model in TransformerLens: every intermediate result has a name, and you can read or
# replace it. A transformer is a stack of **layers**. Each layer has several **attention heads** that work side by side.

# %%
from mechgrade.bench import open_bench, plots

bench = open_bench()
model = bench.model
print(f"Loaded a model with {model.cfg.n_layers} layers, {model.cfg.n_heads} heads per layer")

# %% [markdown]
# ## Step 2. Run it, and keep everything
#
# `run_with_cache` returns two things. The **logits** are scores: at every position, one score for each token that could
# come next. The **cache** holds all activations by name. The number of entries depends on the model and on the version
# of TransformerLens. In Lab 1 you will compute the number and the memory from the configuration.

# %%
prompt = "The capital of France is"
tokens = model.to_tokens(prompt)
logits, cache = model.run_with_cache(tokens)
print(f"Cached {len(cache)} activation tensors")
print(f"Top prediction: {model.tokenizer.decode([int(logits[0, -1].argmax())])!r}")

# %% [markdown]
# ## Step 3. See what a head attends to
#
# An attention **pattern** is a square of numbers. A row is the position that looks, a column is the position that is
# looked at, and each row sums to 1. Everything above the diagonal is empty, because a token cannot look ahead. The
# picture shows one head of the last layer. Try other heads, too.

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
# The model predicts the answer at the last position. Which heads look from there at the country? Be careful with the
# space: in the middle of a sentence GPT-2's token is `" France"`, so `str_tokens.index("France")` finds nothing. Remove
# the spaces on both sides before you compare.

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
# You opened a model, kept all results of one run, and looked at an attention pattern. You also have a list of suspects:
# heads that could carry "France" to the place where the answer is made. On the course's model there are two: L0H0 gives
# " France" 99% of its attention, and L2H2 gives it 79%.
#
# Which of the two does the model need? Attention alone cannot tell. L0H0 always looks one token back, whatever that
# token is, so you may think that " France" only happened to stand there. Make a guess. Lab 1 takes each of the two heads
# away, on prompts for 48 countries, and you will see.
#
# The labs teach you to find such answers:
#
# 1. **Lab 1** follows this question to its end: it takes the model's stream of information apart, measures what each
#    part adds to the answer, and removes heads.
# 2. **Lab 2** puts activations of one run into another run, to see which of them *cause* the answer.
# 3. **Lab 3** finds induction heads, a circuit of two heads that learns within the prompt.
# 4. **Lab 4** looks for features that share neurons, with sparse autoencoders.
#
# Start with `exercises/lab1/describe_model.py`, and grade it with `make grade LAB=lab1`.
