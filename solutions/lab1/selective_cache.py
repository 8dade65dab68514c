# %% [markdown]
# # Keeping only what you need
#
# A full cache is large, and you seldom need all of it. Most experiments need one kind of activation, often at one
# position. Four things decide how much memory such an experiment keeps. Each of them can go wrong without any message:
#
# 1. **What is hooked.** `run_with_cache(tokens)` keeps everything during the run. If you throw most of it away
#    afterwards, the peak was still as high. Use `names_filter`, or your own hooks on the named points: then the rest is
#    never kept.
# 2. **Where it lies.** `.cpu()` moves an activation off the GPU.
# 3. **Whether a graph hangs on it.** An activation that requires gradients keeps alive everything that it was computed
#    from. `.detach()` cuts this graph off, and `torch.no_grad()` never builds it. The often copied line
#    `results[hook.name] = activation.cpu().clone()` does neither of the two.
# 4. **What it is a view of.** `activation[:, -1]` shares its memory with the whole activation. If you keep the slice,
#    you keep all of it. Use `.clone()` on the slice to let the rest go. Note that `.cpu()` does *not* copy a tensor
#    that is already on the CPU.
#
# **A small example.** An activation of shape `[8, 61, 192]` in float32 takes 375 kB. Its last position, `[8, 192]`,
# needs 6 kB. As a view, it still holds the 375 kB.
#
# **Shapes.** The activations in this exercise have the batch as first axis and the position as second axis:
# `[batch, pos, ...]`. With a `position`, one place of the second axis stays: `[batch, ...]`.
#
# **Names.** The result uses the names that were asked for. On a `TransformerBridge` one hook point can have two names:
# `blocks.0.hook_resid_post` is also `blocks.0.hook_out`. `run_with_cache` then lists both, and `hook.name` may be the
# second one. On a `HookedTransformer` each point has one name.

# %% [markdown] tags=["hint"]
# Begin with `position=None`. Run with `names_filter`, then build a dict with exactly the names in `names`. Print
# `list(cache)` on a bridge before you decide to return the cache itself.

# %% [markdown] tags=["hint"]
# How much memory does a tensor hold? `tensor.untyped_storage().nbytes()` tells you. Compare it with
# `tensor.numel() * tensor.element_size()` for `activation[:, 0]`. Slice first, and copy the slice after that. In the
# opposite order you copy what you do not need.

# %% [markdown] tags=["hint"]
# If you write hooks, fix the name when you make the hook, for example with `functools.partial`. A `lambda` in a loop
# sees the loop's *last* name. `model.run_with_hooks` removes its hooks by itself; `model.add_hook` does not.

# %%
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    """Run a model and keep only some activations: on the CPU, detached, in memory of their own.

    Source: https://transformerlensorg.github.io/TransformerLens/ (`run_with_cache`, hook points).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; gradients may be on. It has no hooks afterwards,
            also after an error.
        tokens: the input, shape `[batch, pos]`.
        names: full hook names, such as `blocks.0.hook_resid_post`. Only these points may be hooked during the run.
            The library's short names, such as `embed`, are none. With no name the result is empty.
        position: keep this position of the second axis alone (negative from the end); None keeps the whole activation.

    Returns:
        The activations by the names in `names`: `[batch, pos, ...]`, or `[batch, ...]` with a position. They lie on the
        CPU, require no gradient, and hold no more memory than their own values. Copy them with or without a position:
        none is the model's own tensor.

    Raises:
        ValueError: a name that the model does not have.

    """
    ### BEGIN SOLUTION
    unknown = [name for name in names if name not in model.hook_dict]
    if unknown:
        raise ValueError(f"this model has no hook point {', '.join(unknown)}")
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=list(names))
    kept = {}
    for name in names:
        activation = cache[name] if position is None else cache[name][:, position]
        kept[name] = activation.detach().to("cpu", copy=True).contiguous()
    return kept
    ### END SOLUTION


# %% [markdown]
# **Look at it.** How much memory three ways hold that keep the last position of the residual stream.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    def held(tensors: list[Tensor]) -> float:
        """Megabytes behind some tensors, shared memory counted once."""
        storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
        return sum(storages.values()) / 1e6

    bench = open_bench()
    tokens = bench.repeated_tokens(batch=8, half=30, seed=1)
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(bench.n_layers)]
    _, full = bench.model.run_with_cache(tokens)
    ways = {
        "everything": list(full.values()),
        "slices of a cache": [full[name][:, -1] for name in names],
        "selective_cache": list(selective_cache(bench.model, tokens, names, position=-1).values()),
    }
    for way, tensors in ways.items():
        print(f"{way:20} {held(tensors):8.3f} MB")
    plots.bars(
        [held(tensors) for tensors in ways.values()],
        x=list(ways),
        xlabel="what is kept",
        ylabel="megabytes held",
        title="Memory held for one position",
        save="attention_patterns/selective_cache",
    )

# %% [markdown] tags=["found"]
# **What you found.** The slices of the cache hold 1.124 MB, as much as the whole activations that they were cut from.
# The copies hold 0.018 MB. <!-- claim: cache.slices --> The other positions cannot be freed while a view of them exists.
#
# This is nearly all there is to know about memory in such experiments. Delete what you no longer need (`del cache`). On
# a GPU, `torch.cuda.empty_cache()` then gives the freed memory back to the driver, and
# `torch.cuda.max_memory_allocated()` shows the peak. Try the difference between filtering during the run and after it.
# Lab 2 keeps two caches at once, so there you will need it.
#
# **With TransformerLens** `run_with_cache` detaches what it caches, on both model classes, and it takes a `device`.
# Your own hooks do neither by themselves. `cache["resid_post", 0]` is short for the full name
# `blocks.0.hook_resid_post`; in your own dict only the full name exists.
