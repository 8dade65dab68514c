"""Torch, the model and the SAE, really tried: ``python -m mechgrade.doors.doctor.probe``, one JSON object on the last line.

A process of its own, because a broken driver hangs or aborts, and because the doctor itself must answer without torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

Report = dict[str, Any]


def _torch(report: Report) -> None:
    import torch

    report["torch"] = str(torch.__version__)
    report["cuda_build"] = getattr(torch.version, "cuda", None)
    report["cuda"] = bool(torch.cuda.is_available())
    mps = getattr(torch.backends, "mps", None)
    report["mps"] = bool(mps is not None and mps.is_available())


def _device(report: Report) -> None:
    import torch

    if not report.get("cuda"):
        return
    report["name"] = torch.cuda.get_device_name(0)
    # Really compute: a driver that is too old is "available" and fails at the first kernel.
    ones = torch.ones(64, 64, device="cuda")
    report["computed"] = float((ones @ ones).sum().item()) == 64.0**3
    report["free"], report["total"] = (int(each) for each in torch.cuda.mem_get_info(0))


def _model(report: Report, model: str | None, device: str, sae: bool) -> None:
    import torch

    from mechgrade.bench import open_bench
    from mechgrade.course import find_course, load_course

    prompt = load_course(find_course()).doctor.get("prompt", "")

    bench = open_bench(model, device=device)
    start = time.perf_counter()
    loaded = bench.model
    report["load_seconds"] = time.perf_counter() - start
    config = loaded.cfg
    report["layers"], report["heads"] = int(config.n_layers), int(config.n_heads)
    tokens = bench.tokens(prompt)
    with torch.no_grad():
        logits, cache = loaded.run_with_cache(tokens)
    report["cached"] = len(cache)
    report["answer"] = loaded.tokenizer.decode(int(logits[0, -1].argmax()))
    if sae:
        spec = bench.spec
        report["sae_there"] = spec.sae is not None
        if spec.sae is not None:
            autoencoder = bench.sae
            report["sae_width"] = int(autoencoder.cfg.d_sae)
            report["sae_fits"] = int(autoencoder.cfg.d_in) == int(config.d_model)


def run(model: str | None, device: str, sae: bool) -> Report:
    """Try everything in turn; the first thing that fails is named, and the rest is not tried."""
    report: Report = {}
    steps: list[tuple[str, Callable[[], None]]] = [
        ("torch", lambda: _torch(report)),
        ("device", lambda: _device(report)),
        ("model", lambda: _model(report, model, _chosen(report, device), sae)),
    ]
    for name, step in steps:
        try:
            step()
        except Exception as error:
            report["failed"] = name
            report["error"] = f"{type(error).__name__}: {error}"
            break
    report["device"] = _chosen(report, device)
    return report


def _chosen(report: Report, device: str) -> str:
    if device != "auto":
        return device
    return "cuda" if report.get("cuda") and report.get("computed") else "cpu"


def main() -> None:
    """Print the report of ``MODEL DEVICE SAE``, whatever the libraries print besides."""
    model, device, sae = sys.argv[1:4]
    os.environ.setdefault("TQDM_DISABLE", "1")
    with contextlib.redirect_stdout(sys.stderr):
        report = run(model or None, device, sae == "sae")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
