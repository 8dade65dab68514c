"""Builds the stand-in, and a Python in which it is installed: of its own, so that no other test meets the device.

    python tests/devices/build.py [FOLDER]        prints the path of that Python

The extension is built anew only when its source or torch has changed. It takes a C++ compiler and about a minute.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAME = "standin"


def compiler() -> str | None:
    """The C++ compiler; None where there is none."""
    return next(filter(None, map(shutil.which, ("g++", "c++", "clang++"))), None)


def python_with_device(folder: Path) -> Path:
    """A Python that sees this project, all packages of this environment, and the device; made in a folder, or found there.

    Raises:
        RuntimeError: the extension cannot be built; the compiler's words are in it.
    """
    extension = _extension(folder)
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "venv" / "lib" / version / "site-packages"
    # All of them: an environment may borrow another's packages.
    packages = [path for path in sys.path if path.endswith("site-packages")]
    (site / "shared.pth").write_text("\n".join([str(ROOT), *packages, ""]), encoding="utf-8")
    package = site / NAME
    package.mkdir(exist_ok=True)
    shutil.copy(HERE / NAME / "__init__.py", package)
    shutil.copy(extension, package)
    about = site / f"{NAME}-0.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[torch.backends]\n{NAME} = {NAME}:load\n", encoding="utf-8")
    return python


def _extension(folder: Path) -> Path:
    source = HERE / NAME / "device.cpp"
    import torch

    about = hashlib.sha256(source.read_bytes() + torch.__version__.encode() + sys.version.encode()).hexdigest()[:16]
    place = folder / f"build-{about}"
    place.mkdir(parents=True, exist_ok=True)
    built = place / "_device.so"
    if not built.exists():
        from torch.utils.cpp_extension import load

        # It is loaded into this process, too; so this script runs in a process of its own.
        load("_device", [str(source)], build_directory=str(place), is_python_module=False, with_cuda=False)
    return built


if __name__ == "__main__":
    print(python_with_device(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "outputs" / "standin"))
