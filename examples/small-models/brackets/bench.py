"""What scenarios of the lab on probes work with: seeded tensors, strings of brackets, and the model's hidden states by plain hooks."""

from functools import cached_property

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel
from transformers.utils import logging

from brackets.text import depths, strings
from mechgrade.bench.provider import BenchError
from mechgrade.bench.torch.bench import TorchBench


class BracketBench(TorchBench):
    """A bench of tensors with a model. The engine watches ``model`` for changed weights and for hooks that were left."""

    @cached_property
    def model(self) -> GPT2LMHeadModel:
        """The model, on the bench's device."""
        logging.disable_progress_bar()  # learners see what is printed
        try:
            model = GPT2LMHeadModel.from_pretrained(self.spec.model, attn_implementation="eager", local_files_only=True)
        except OSError as error:
            raise BenchError(f"no model in {self.spec.model}: `mechgrade make-model` makes it ({error})") from error
        return model.eval().requires_grad_(False).to(self.device, self.dtype)

    def load(self) -> None:
        """Read the weights."""
        self.model  # noqa: B018  it is read where it is first named

    def warm_up(self) -> None:
        """Run once."""
        self.hidden_states(self.strings(1, 4, seed=0))

    def strings(self, batch: int, length: int, *, seed: int) -> Tensor:
        """Strings of brackets, shape `[batch, pos]`: 0 for a start, 1 opens, 2 closes."""
        return torch.from_numpy(strings(batch, length, seed)).to(self.device)

    def depths(self, tokens: Tensor) -> Tensor:
        """How many brackets are open after each token, shape `[batch, pos]`."""
        return torch.from_numpy(depths(tokens.cpu().numpy())).to(self.device, self.dtype)

    @torch.no_grad()
    def hidden_states(self, tokens: Tensor) -> Tensor:
        """What each layer hands on, the embedding first: shape `[layer, batch, pos, feature]`."""
        kept: list[Tensor] = []
        blocks = self.model.transformer.h
        hooks = [blocks[0].register_forward_pre_hook(lambda _block, given: kept.append(given[0]))]
        for block in blocks:
            hooks.append(
                block.register_forward_hook(lambda _b, _g, out: kept.append(out if torch.is_tensor(out) else out[0]))
            )
        try:
            self.model(tokens)
        finally:
            for hook in hooks:
                hook.remove()
        return torch.stack(kept)
