"""The devices that a model can be on, by the words that a user writes. Without torch: every command starts with it.

Which one is really there shows when the worker loads the model on it.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

from mechgrade.errors import CourseError

#: For an operating system's word that an NVIDIA driver is loaded.
DRIVER = Path("/proc/driver/nvidia/version")

#: Device files of GPUs that torch calls cuda where that file is not there: NVIDIA's own, WSL's, AMD's.
_GPU = (Path("/dev/nvidiactl"), Path("/dev/dxg"), Path("/dev/kfd"))

#: By an entry point of this group, under the device's name, a package brings a device; torch loads it at its import.
BACKENDS = "torch.backends"

#: What is known of MPS: pytorch's issues under "module: mps", and warnings of libraries that were bitten by them.
MPS_WARNING = (
    "on mps PyTorch has given wrong numbers for some models, without an error; a result that surprises you may be "
    "the device's: compare with --device cpu"
)


def resolve(wanted: str) -> str:
    """A torch device for ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps``, or one that an installed package brings.

    ``auto`` is ``cuda`` where there is a driver and a torch that can use it, else ``cpu``; never ``mps``, which has been wrong.

    Raises:
        CourseError: another word.
    """
    if wanted == "auto":
        return "cuda" if DRIVER.exists() and _torch_has_cuda() else "cpu"
    if re.fullmatch(r"cpu|cuda(:\d+)?|mps", wanted):
        return wanted
    brought = sorted(each.name for each in entry_points(group=BACKENDS))
    if re.sub(r":\d+$", "", wanted) in brought:
        return wanted
    known = ", ".join(["auto", "cpu", "cuda", "cuda:N", *brought])
    raise CourseError(f"there is no device {wanted!r}; there are {known} and mps")


def see_here(wanted: str) -> None:
    """See that this machine has a device, as far as that can be told without torch; what is left, the worker tells.

    Raises:
        CourseError: it certainly has none, or the word names none.
    """
    device = resolve(wanted)
    other = "take --device cpu, or leave --device out"
    if device == "mps" and sys.platform != "darwin":
        raise CourseError(f"the device mps cannot be used here: it is the GPU of an Apple computer; {other}")
    if not device.startswith("cuda"):
        return
    if not _torch_has_cuda():
        raise CourseError(
            f"the device {device} cannot be used here: torch is installed without CUDA; {other}, or `make setup TORCH=auto` "
            "where there is an NVIDIA GPU"
        )
    if not DRIVER.exists() and not any(each.exists() for each in _GPU):
        raise CourseError(f"the device {device} cannot be used here: this machine shows no GPU; {other}")


def _torch_has_cuda() -> bool:
    try:
        return not version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False


def is_cpu(device: str) -> bool:
    """Whether a torch device is the processor itself."""
    return device.split(":")[0] == "cpu"


def nodes(device: str) -> tuple[Path, ...]:
    """The device files that a process needs to reach a device: all of NVIDIA's for CUDA, none otherwise.

    One GPU of several cannot be told by its file alone: CUDA_VISIBLE_DEVICES chooses.
    """
    if not device.startswith("cuda"):
        return ()
    found = [path for path in sorted(Path("/dev").glob("nvidia*")) if not path.is_dir()]
    return (*found, *sorted(Path("/dev/nvidia-caps").glob("*")))
