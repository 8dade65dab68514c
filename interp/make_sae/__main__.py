"""Make a sparse autoencoder for a model, so that Lab 4 can be graded on it: minutes on a CPU for a small model.

Exit code 0 when it was made, 2 for a mistake in the command, 3 when the model is not on this machine or the files
could not be written, 130 after Ctrl-C. Nothing is written before the end, so nothing half-made is ever left.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mechgrade.course import Course, CourseError, ModelProfile, find_course, load_course
from mechgrade.course.devices import resolve
from mechgrade.course.yamlfile import did_you_mean

from interp.make_sae.kinds import KINDS

if TYPE_CHECKING:
    from mechgrade.bench.transformer_lens.bench import Bench

    from interp.make_sae.making import Recipe

#: Latents for each dimension of the activations, where --width is left out.
EXPANSION = 4
#: Where SAEs are usually trained.
USUAL = ("hook_resid_pre", "hook_resid_post", "hook_attn_out", "hook_mlp_out")
#: Lab 4 asks for the strongest few latents: there have to be some.
FEWEST = 16

HELP = f"""\
Train a sparse autoencoder (SAE) for a model, with the trainer of sae-lens.

An SAE rewrites an activation of the model as a sum of a few directions out of many, its latents. Lab 4 works with one.
A model of course.yaml without an SAE leaves those exercises out; this command makes one.

It takes three steps: get text, collect the model's activations on it, train. The text is the course's where the model
has the course's tokenizer. Any other model writes its own text, token by token from its predictions.

kinds:
{chr(10).join(f"  {name:<11} {kind.says}" for name, kind in KINDS.items())}

example:
  mechgrade sae train --model unsupervised --kind batchtopk --active 12
      reads the stream behind the middle layer, writes checkpoints/saes/unsupervised-batchtopk/ and prints the lines
      for course.yaml

How good is it? The card (README.md in the folder) says it in numbers, measured on held-out text: the explained
variance (1 is perfect), how many latents are active on a token, and the share of the model's loss that is recovered
when the SAE's output takes the activation's place. Too few latents active: raise --active, or lower --penalty.
Many latents never fire: train on more --tokens, or take a smaller --width."""


class _MistakeError(Exception):
    """The user's mistake, or the machine's fault; with the exit code."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and make the autoencoder."""
    options = _parser().parse_args(arguments)
    try:
        return _train(options)
    except (_MistakeError, CourseError) as error:
        print(f"mechgrade: {error}", file=sys.stderr)
        return getattr(error, "code", 2)
    except KeyboardInterrupt:
        print("\nmechgrade: stopped; nothing was written", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "mechgrade sae", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    train = parser.add_subparsers(metavar="train", required=True).add_parser(
        "train",
        help="train one; `mechgrade sae train --help` explains",
        description=HELP,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    train.add_argument("--model", help="a model of course.yaml, or hub:NAME; by default the course's")
    where = train.add_mutually_exclusive_group()
    where.add_argument(
        "--layer", type=int, help="read the residual stream behind this layer; by default the middle one"
    )
    where.add_argument("--hook", help="read at this hook point, such as blocks.1.hook_mlp_out")
    train.add_argument("--kind", default="topk", metavar="KIND", help=f"{', '.join(KINDS)}; by default topk")
    train.add_argument("--width", type=int, help=f"number of latents; by default {EXPANSION} for each dimension")
    train.add_argument(
        "--active", type=int, help="latents active on a token (topk, batchtopk, jumprelu, matryoshka);\nby default 16"
    )
    train.add_argument("--penalty", type=float, help="price of an active latent (standard, gated); by default 2")
    train.add_argument("--tokens", type=int, default=200_000, help="tokens of text to train on; by default 200000")
    train.add_argument("--text", default="", help="course, model, or a text file; see above")
    train.add_argument("--seed", type=int, default=0, help="the same seed makes the same SAE on the same machine")
    train.add_argument("--device", default="cpu", help="cpu or cuda")
    train.add_argument("--out", type=Path, help="a new or empty folder; by default checkpoints/saes/MODEL-KIND")
    return parser


def _train(options: argparse.Namespace) -> int:
    course = load_course(find_course())
    profile = course.model(options.model)
    _see_what_is_asked(options)
    out = _out(course, options, profile)
    _see_the_folder(out)
    bench = _bench(profile, options.device)
    hook, d_in = _hook(bench, options)
    recipe = _recipe(options, hook, d_in)
    _see_the_disk(out, recipe.latents * d_in * 8)

    from interp.make_sae.making import make
    from interp.make_sae.texts import TextError

    print(f"{recipe.kind}, {recipe.latents} latents, at {hook} of {profile.name}", file=sys.stderr)
    try:
        with _progress() as stage:
            measured = make(bench, recipe, options.text, profile.name, out, stage)
    except TextError as error:
        raise _MistakeError(str(error)) from error
    except OSError as error:
        raise _MistakeError(f"the SAE could not be written to {out}: {error.strerror or error}", 3) from error
    print("Measured on held-out text:")
    for name, value in measured.items():
        print(f"  {name:<50} {value}")
    print(f"The folder {out} has the SAE and its card, README.md.")
    print(f"\n{what_is_next(course, profile, out)}")
    return 0


def _see_what_is_asked(options: argparse.Namespace) -> None:
    """What can be told before torch is imported, which takes seconds."""
    kind = KINDS.get(options.kind)
    if kind is None:
        raise _MistakeError(
            f"there is no kind {options.kind!r}{did_you_mean(options.kind, KINDS)}; there are {', '.join(KINDS)}"
        )
    if kind.counts and options.penalty is not None:
        raise _MistakeError(f"{options.kind} is told how many latents are active: take --active in place of --penalty")
    if not kind.counts and options.active is not None:
        raise _MistakeError(f"{options.kind} pays for its active latents: take --penalty in place of --active")
    for name, least in (("width", FEWEST), ("active", 1), ("tokens", 2_000), ("seed", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise _MistakeError(f"--{name} {value}: it takes {least} at least")
    if options.penalty is not None and not 0 <= options.penalty < float("inf"):
        raise _MistakeError(f"--penalty {options.penalty:g}: it takes a number from 0 on")


def _out(course: Course, options: argparse.Namespace, profile: ModelProfile) -> Path:
    if options.out is not None:
        return Path(options.out).absolute()
    name = re.sub(r"[^\w.-]+", "-", profile.name)
    return course.root / "checkpoints" / "saes" / f"{name}-{options.kind}"


def _see_the_folder(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise _MistakeError(f"{out} is no folder: name a new one with --out")
    if out.exists() and any(out.iterdir()):
        raise _MistakeError(f"{out} is not empty: name a new folder with --out, or take the old one away first")
    above = next(folder for folder in out.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise _MistakeError(f"{above} cannot be written to: name another folder with --out")


def _see_the_disk(out: Path, needed: int) -> None:
    above = next(folder for folder in out.parents if folder.exists())
    free = shutil.disk_usage(above).free
    if free < needed + 1_000_000:
        raise _MistakeError(
            f"the SAE takes {needed / 1e6:.0f} MB, and {free / 1e6:.0f} MB are free at {above}: free some space, take a smaller "
            "--width, or name a folder on another disk with --out",
            3,
        )


def _bench(profile: ModelProfile, device: str) -> Bench:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    resolved = resolve(device)
    from mechgrade.bench import BenchError, open_bench

    try:
        bench: Bench = open_bench(profile.name, device=resolved)
        bench.n_layers  # noqa: B018  loads the model
    except BenchError as error:
        raise _MistakeError(str(error), 3) from error
    return bench


def _hook(bench: Bench, options: argparse.Namespace) -> tuple[str, int]:
    """The hook point, and how wide activations are there."""
    layers = bench.n_layers
    if options.layer is not None and not 0 <= options.layer < layers:
        raise _MistakeError(f"there is no layer {options.layer}: the model has layers 0 to {layers - 1}")
    layer = options.layer if options.layer is not None else layers // 2
    hook = options.hook or f"blocks.{layer}.hook_resid_post"
    known = list(bench.model.hook_dict)
    if hook not in known or not re.match(r"blocks\.\d+\.", hook):
        usual = [name for name in known if name.startswith("blocks.") and name.split(".", 2)[2] in USUAL]
        raise _MistakeError(
            f"the model has no hook point {hook!r} in a layer{did_you_mean(hook, usual)}; usual ones are "
            f"{', '.join(f'blocks.{layer}.{part}' for part in USUAL)}"
        )
    from mechgrade.bench import BenchError

    try:
        found = bench.cache(bench.integers(0, bench.d_vocab, (1, 2), seed=0), [hook])[hook]
    except BenchError as error:
        raise _MistakeError(str(error)) from error
    if found.ndim != 3:
        raise _MistakeError(
            f"at {hook} each head has activations of its own, and an SAE reads one activation for each token: take another hook point"
        )
    return hook, int(found.shape[-1])


def _recipe(options: argparse.Namespace, hook: str, d_in: int) -> Recipe:
    from interp.make_sae.making import Recipe

    width = options.width or EXPANSION * d_in
    active = options.active if options.active is not None else min(16, width // 4)
    if active > width:
        raise _MistakeError(f"--active {active}: there are only {width} latents")
    return Recipe(
        kind=options.kind,
        hook=hook,
        latents=width,
        active=active,
        penalty=2.0 if options.penalty is None else options.penalty,
        tokens=options.tokens,
        seed=options.seed,
    )


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str, int | None], Callable[[int], None]]]:
    """Bars on stderr, one for each step of the work."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    shown = Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
    )
    open_steps: list[TaskID] = []

    def close() -> None:
        for step in open_steps:
            shown.update(step, total=1, completed=1)
        open_steps.clear()

    def stage(name: str, total: int | None) -> Callable[[int], None]:
        close()
        step = shown.add_task(name, total=total)
        open_steps.append(step)
        return lambda more: shown.advance(step, more)

    with shown:
        yield stage
        close()


def what_is_next(course: Course, profile: ModelProfile, out: Path) -> str:
    """The lines for course.yaml, and how to grade with them."""
    if not out.is_relative_to(course.root):
        return (
            "To grade with it, move the folder into the course, and name it in course.yaml under the model: "
            "`parts: {sae: FOLDER}`."
        )
    name = re.sub(r"[^\w.-]+", "-", profile.name.removeprefix("hub:"))
    place: dict[str, Any] = {"path": profile.path} if profile.path else {"hub": profile.hub}
    more: dict[str, Any] = {} if profile.trained else {"trained": False}
    parts = {**profile.parts, "sae": out.relative_to(course.root).as_posix()}
    lines = yaml.safe_dump({name: {**place, **more, "parts": parts}}, sort_keys=False).splitlines()
    where = (
        "in place of the profile's own lines; its limits stay" if profile.name in course.models else "as a profile more"
    )
    labs = [lab.name for lab in course.labs.values() if "sae" in lab.uses]
    return "\n".join(
        [
            f"Put this into course.yaml, under `models:` ({where}):",
            "",
            *(f"  {line}" for line in lines),
            "",
            "Then grade with it:",
            "",
            *(f"  mechgrade grade --lab {lab} --model {name}" for lab in labs),
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
