"""Small programs that mix tensors of two places, or do not: what `--portable` tells of each, without a device, and a device is asked whether that is true.

Each is the body of a function of ``x``, ``[3, 3]`` real numbers, and ``i``, the integers 0 to 2, which both lie on the device.
"""

from __future__ import annotations

import random

#: A program's first lines. ``EARLY`` is made when they run.
BEFORE = """import numpy as np
import torch
import torch.nn.functional as F

EARLY = torch.tensor([1.0, 2.0, 3.0])
"""

#: What a device refuses, by the kind of the mistake.
REFUSED: list[tuple[str, str]] = [
    ("made", "return x + torch.eye(3)"),
    ("made", "return x @ torch.eye(3)"),
    ("made", "return torch.arange(3)[i]"),
    ("made", "return x.masked_fill(torch.ones(3, 3).tril().bool(), 0)"),
    ("made", "return torch.where(torch.ones(3, 3).bool(), x, torch.tensor(0.0))"),
    ("made", "return torch.where(x > 0, x, torch.zeros(3, 3))"),
    ("made", "y = torch.zeros(3, 3); y[0] = x[0]; return y + x"),
    ("made", "return torch.cat([x, torch.zeros(1, 3)])"),
    ("made", "return torch.stack([x[0], torch.zeros(3)])"),
    ("made", "return torch.from_numpy(x.cpu().numpy()) + x"),
    ("made", "return torch.tensor([x[0, 0].item(), 1.0, 2.0]) + x"),
    ("made", "return torch.tensor([x[0, 0], x[0, 1], x[0, 2]]) + x"),
    ("made", "return torch.as_tensor([1.0, 2.0, 3.0]) + x"),
    ("made", "return torch.Tensor([1, 2, 3]) + x"),
    ("made", "return torch.einsum('ij,jk->ik', x, torch.ones(3, 3))"),
    ("made", "return F.linear(x, torch.ones(3, 3))"),
    ("made", "return F.cross_entropy(x, torch.tensor([0, 1, 2]))"),
    ("made", "return F.mse_loss(x, torch.zeros(3, 3))"),
    ("made", "return x.gather(1, torch.zeros(3, 1, dtype=torch.long))"),
    ("made", "return F.embedding(torch.arange(3), x)"),
    ("made", "return x.index_select(0, torch.tensor([0]))"),
    ("made", "return torch.zeros(3, device='cpu') + x"),
    ("made", "return x.type_as(torch.zeros(1)) + x"),
    ("made", "return torch.nn.Linear(3, 2)(x)"),
    ("made", "return torch.allclose(x, torch.zeros(3, 3))"),
    ("made", "return torch.equal(x, torch.zeros(3, 3))"),
    ("made", "return torch.arange(3) * x[0, 0]"),
    ("made", "y = torch.ones(3, 3); y += x; return y"),
    ("made", "y = x.clone(); y += torch.ones(3); return y"),
    ("made", "return sum(torch.zeros(3) for _ in range(2)) + x"),
    ("made", "return torch.func.vmap(lambda row: row + torch.ones(3))(x)"),
    ("made", "return torch.func.grad(lambda y: (y * torch.ones(3, 3)).sum())(x)"),
    ("made", "return torch.randint(0, 3, (3,)) + i"),
    ("made", "return torch.isin(x, torch.tensor([1.0, 2.0]))"),
    ("made", "return torch.searchsorted(x[0], torch.tensor([1.0]))"),
    ("made", "return torch.scatter(torch.zeros(3, 3), 1, i[:, None], 1.0)"),
    ("early", "return x * EARLY"),
    ("moved", "return x.cpu() + x"),
    ("moved", "return x.to('cpu') * x.sum(0)"),
    ("read", "return x.numpy()"),
    ("read", "return np.asarray(x)"),
    ("read", "return np.mean(np.array(x))"),
    ("generator", "return torch.randn(3, 3, generator=torch.Generator(), device=x.device)"),
    ("generator", "return torch.multinomial(x[1], 1, generator=torch.Generator().manual_seed(0))"),
]

#: What a device takes.
TAKEN: list[str] = [
    "return x + torch.eye(3, device=x.device)",
    "return x * torch.tensor(2.0)",
    "return x.sum() + torch.zeros(())",
    "return x * EARLY.to(x.device)",
    "return x * EARLY.to(x)",
    "return x[torch.arange(2)]",
    "return x[torch.tensor([True, False, True])]",
    "r, c = torch.triu_indices(3, 3); return x[r, c]",
    "return x[torch.randperm(3)]",
    "return torch.arange(3)[i.cpu()]",
    "y = torch.zeros(3, 3); y[0] = x[0]; return y",
    "y = torch.zeros_like(x); y[0] = torch.ones(3); return y + x",
    "y = torch.ones(3, 3); y *= 2; return y.to(x.device) * x",
    "return x.cpu().numpy()",
    "return torch.from_numpy(x.cpu().numpy()).to(x.device) + x",
    "return x.cpu() + x.cpu()",
    "return torch.tensor(x.tolist(), device=x.device) + x",
    "return x.new_zeros(3) + x.new_tensor([1, 2, 3]) + torch.full_like(x, 2)",
    "return torch.tensor(x) + torch.as_tensor(x)",
    "return torch.zeros(3).type_as(x) + x",
    "return F.one_hot(i, 3) * x",
    "return torch.randn(3, 3, generator=torch.Generator()) + x.cpu()",
    "return torch.randn(3, 3, generator=torch.Generator()).to(x.device) + x",
    "w = torch.zeros(3, requires_grad=True); (x * w.to(x.device)).sum().backward(); return w - w.grad",
    "w = torch.zeros(3, requires_grad=True); (x.cpu() * w).sum().backward(); return w - w.grad",
    "y = x.clone().requires_grad_(); (y.cpu() * torch.ones(3)).sum().backward(); return y.grad + x",
    "return torch.nn.Linear(3, 2, device=x.device)(x)",
    "return torch.nn.Linear(3, 2).to(x.device)(x)",
    "return torch.func.vmap(lambda row: row + torch.ones(3, device=row.device))(x)",
    "return x.quantile(0.5)",
    "return torch.lerp(x, torch.zeros_like(x), 0.5)",
    "return x.expand_as(torch.ones(3, 3))",
    "return x.cumsum(0).cpu().max().item() * x",
    "with torch.device(x.device): return x + torch.eye(3)",
    "return x + torch.eye(3, device='cuda' if x.is_cuda else x.device)",
]


def program(body: str) -> str:
    """A whole program around a body."""
    lines = "\n    ".join(body.split("; "))
    return f"{BEFORE}\n\ndef f(x, i):\n    {lines}\n"


def drawn(seed: int) -> str:
    """A program of a few random lines: tensors are made, moved and mixed without a plan."""
    rng = random.Random(seed)
    names, lines = ["x", "x.T", "x + 1"], []
    for number in range(rng.randint(3, 12)):
        one, two = rng.choice(names), rng.choice(names)
        where = rng.choice(["", "", ", device=x.device", f", device={one.split('.')[0].split()[0]}.device"])
        lines.append(
            f"v{number} = "
            + rng.choice(
                [
                    f"torch.ones(3, 3{where})",
                    f"torch.arange(9.0{where}).reshape(3, 3)",
                    f"torch.tensor([[1.0, 2.0, 3.0]] * 3{where})",
                    f"torch.zeros_like({one})",
                    f"({one}).new_ones(3, 3)",
                    f"({one}) + ({two})",
                    f"({one}) @ ({two})",
                    f"torch.where(({one}) > 0, {one}, {two})",
                    f"torch.cat([{one}, {two}])[:3]",
                    f"({one})[torch.arange(3)]",
                    f"({one}).cpu()",
                    f"({one}).to(x.device)",
                    f"({one}).to({two})",
                    f"({one}).detach().clone()",
                    f"({one}).masked_fill(({two}) > 1, 0.5)",
                    f"({one}).softmax(-1).T",
                    f"torch.einsum('ij,jk->ik', {one}, {two})",
                    f"({one}).sum() * ({two})",
                    f"torch.from_numpy(({one}).cpu().numpy())",
                    f"F.linear({one}, {two})",
                    f"({one}).double().float()",
                ]
            )
        )
        names.append(f"v{number}")
        if rng.random() < 0.2:
            lines.append(f"v{number}[0] = ({two})[1]")
    return "; ".join([*lines, "return x + 0"])
