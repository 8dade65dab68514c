"""Train the model of the lab on probes: `mechgrade make-model`. Seconds on a processor; the weights take 110 KB.

A model that predicts the next bracket has to know two things: whether any bracket is open, and whether five are. So it has to count.
"""

from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from brackets.text import strings

PLACE = Path(__file__).parents[1] / "models" / "brackets"
LENGTH, STEPS, BATCH = 24, 400, 64


def main() -> None:
    """Train from a fixed seed, and write the weights."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = GPT2Config(
        **{"vocab_size": 3, "n_positions": 32, "n_embd": 32, "n_layer": 2, "n_head": 2},
        **{"bos_token_id": 0, "eos_token_id": 0, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
    )
    model = GPT2LMHeadModel(config)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=STEPS)
    for step in range(STEPS):
        tokens = torch.from_numpy(strings(BATCH, LENGTH, seed=step))
        loss = model(tokens, labels=tokens).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 100 == 0 or step == STEPS - 1:
            print(f"step {step}: loss {loss.item():.4f}")
    model.save_pretrained(PLACE)
    (PLACE / "generation_config.json").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
