"""What the course's experiments take of memory, measured: `mechgrade memory`.

Each operation runs in a process of its own: what it needs at its peak, over what was there before it began. On the CPU that
is the process's resident memory, on a GPU what torch allocated. What a cache holds is also counted exactly, tensor by tensor.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from mechgrade.course import Course, CourseError, find_course, load_course
from mechgrade.course.devices import resolve

Operation = Literal["load", "cache_one", "cache_ten", "patching", "sae_training"]


@dataclass(frozen=True)
class Row:
    """An operation, and what the course's preparation guide expects of it for GPT-2 small on a GPU."""

    operation: Operation
    title: str
    expected: str


ROWS = (
    Row("load", "load the model", "~1.5 GB"),
    Row("cache_one", "full cache, 1 prompt", "~0.5 GB"),
    Row("cache_ten", "full cache, batch of 10", "~5 GB"),
    Row("patching", "patching experiment, 2 caches", "~1.5 GB"),
    Row("sae_training", "SAE training", "~4-8 GB"),
)
#: Of the sparse autoencoder that is trained: latents for each dimension of the residual stream (gpt2-small-res-jb has 32),
#: activations in a batch, steps.
EXPANSION, BATCH, STEPS = 32, 4096, 5
#: Seconds for one operation, its imports included.
PATIENCE = 900


@dataclass(frozen=True)
class Measured:
    """One operation's cost.

    Attributes:
        peak: bytes at the most, over the start.
        kept: bytes of the tensors that it keeps, counted exactly; 0 where it keeps none.
        seconds: how long it took.
        error: why it could not be measured.
    """

    peak: int = 0
    kept: int = 0
    seconds: float = 0.0
    error: str = ""


def measure(course: Course, operation: Operation, model: str, device: str, tokens: int) -> Measured:
    """Measure one operation in a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "interp.memory", "--one", operation, model, device, str(tokens)],
            cwd=course.root,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        return Measured(**json.loads(done.stdout.strip().splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return Measured(error=f"took more than {PATIENCE} s")
    except (IndexError, ValueError, TypeError):
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Measured(error="out of memory" if done.returncode == -9 else last[:300])


# --- in the process that is measured -------------------------------------------------------------------------------------


@contextlib.contextmanager
def _meter(device: str, result: dict[str, Any]) -> Iterator[None]:
    import torch

    gc.collect()
    start = time.perf_counter()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        yield
        torch.cuda.synchronize()
        result["peak"] = torch.cuda.max_memory_allocated() - before
    else:
        before = _start_anew()
        yield
        result["peak"] = max(_highest() - before, 0)
    result["seconds"] = time.perf_counter() - start


def _start_anew() -> int:
    """Resident bytes now; where Linux allows it, the high-water mark begins here."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except OSError:
        return _highest()


def _highest() -> int:
    try:
        return _status("VmHWM")
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"no {name}")


def _bytes(tensors: Any) -> int:
    """The bytes of tensors, storage that several share counted once."""
    storages = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in tensors}
    return sum(storages.values())


def _run(operation: str, model: str, device: str, tokens: int) -> dict[str, Any]:
    import torch

    from mechgrade.bench import open_bench

    bench = open_bench(model, device=device)
    result: dict[str, Any] = {"kept": 0}
    if operation == "load":
        with _meter(device, result):
            bench.n_layers  # noqa: B018  loads the model
        result["kept"] = _bytes(bench.model.parameters())
        return result
    pos = min(tokens, bench.n_ctx)
    inputs = bench.integers(0, bench.d_vocab, (10, pos), seed=0)
    jobs: dict[str, Callable[[], int]] = {
        "cache_one": lambda: _cache(bench, inputs[:1]),
        "cache_ten": lambda: _cache(bench, inputs),
        "patching": lambda: _patch(bench, inputs[:1], inputs[1:2]),
        "sae_training": lambda: _train(bench, inputs),
    }
    with torch.no_grad():
        bench.model(inputs[:1, :4])  # what the first run allocates once
    with _meter(device, result):
        result["kept"] = jobs[operation]()
    return result


def _cache(bench: Any, tokens: Any) -> int:
    import torch

    with torch.no_grad():
        _, cache = bench.model.run_with_cache(tokens)
    return _bytes(cache.values())


def _patch(bench: Any, clean: Any, corrupted: Any) -> int:
    """The seed's patching experiment: both caches, and one run for each layer with the residual stream patched."""
    import torch

    with torch.no_grad():
        _, first = bench.model.run_with_cache(clean)
        _, second = bench.model.run_with_cache(corrupted)
        for layer in range(bench.n_layers):
            name = f"blocks.{layer}.hook_resid_pre"
            bench.model.run_with_hooks(corrupted, fwd_hooks=[(name, lambda value, hook: first[hook.name])])
    return _bytes([*first.values(), *second.values()])


def _train(bench: Any, tokens: Any) -> int:
    """A plain ReLU autoencoder with Adam on residual-stream activations."""
    import torch

    name = f"blocks.{bench.n_layers // 2}.hook_resid_pre"
    found = bench.cache(tokens, [name])[name].reshape(-1, bench.d_model)
    batch = found.repeat(-(-BATCH // len(found)), 1)[:BATCH]
    latents = EXPANSION * bench.d_model
    encoder = torch.nn.Linear(bench.d_model, latents, device=bench.device)
    decoder = torch.nn.Linear(latents, bench.d_model, device=bench.device)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=1e-3)
    for _ in range(STEPS):
        hidden = torch.relu(encoder(batch))
        loss = (decoder(hidden) - batch).pow(2).sum(-1).mean() + 1e-3 * hidden.sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return _bytes(parameters)


def _one(operation: str, model: str, device: str, tokens: str) -> None:
    """Measure here; one JSON object on the last line."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    with contextlib.redirect_stdout(sys.stderr):
        try:
            result = _run(operation, model, device, int(tokens))
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(result))


# --- the command ---------------------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Measure every row and print the table. Returns 1 when something could not be measured."""
    parser = argparse.ArgumentParser(
        "mechgrade memory",
        description="Measure what loading, caching, patching and SAE training take of memory, beside the expected table.",
    )
    parser.add_argument("--model", help="a model of course.yaml")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--tokens", type=int, default=128, help="tokens of each prompt")
    parser.add_argument("--json", type=Path, help="write the measurements to this file as JSON")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        _one(*options.one)
        return 0
    try:
        course = load_course(find_course())
        model, device = course.model(options.model).name, resolve(options.device)
    except CourseError as error:
        parser.error(str(error))
    table = Table("operation", "peak", "kept", "seconds", "guide, GPT-2 small", box=None, pad_edge=False)
    found = {}
    for row in ROWS:
        measured = measure(course, row.operation, model, device, options.tokens)
        found[row.operation] = asdict(measured)
        cells = [_size(measured.peak), _size(measured.kept) if measured.kept else "-", f"{measured.seconds:.1f}"]
        table.add_row(row.title, *([measured.error, "", ""] if measured.error else cells), row.expected)
    print(f"{model} on {device}, prompts of {options.tokens} tokens, float32")
    Console(highlight=False).print(table)
    if options.json is not None:
        document = {"model": model, "device": device, "tokens": options.tokens, "operations": found}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return int(any(each["error"] for each in found.values()))


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


if __name__ == "__main__":
    raise SystemExit(main())
