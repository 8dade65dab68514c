"""The packages that are installed, against what mechgrade asks for and what the course was tested with."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from mechgrade.doors.doctor.finding import Finding

#: Packages whose exact version moves numbers or breaks names, so that another one than the pinned is worth a word.
TELLING = ("torch", "transformer-lens", "sae-lens", "transformers", "numpy")


def examine_packages(root: Path) -> list[Finding]:
    """A finding for each requirement that is not met, and one for all that are.

    Args:
        root: the course's directory, for constraints.txt.
    """
    findings = []
    wanted = [Requirement(text) for text in requires("mechgrade") or []]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    pins = _pins(root / "constraints.txt")
    good, moved = [], []
    for each in wanted:
        name = canonicalize_name(each.name)
        try:
            found = Version(version(name))
        except PackageNotFoundError:
            findings.append(_missing(each))
            continue
        if not each.specifier.contains(found, prereleases=True):
            findings.append(_wrong(each, found))
            continue
        good.append(f"{name} {found.public}")
        pin = pins.get(name)
        if name in TELLING and pin is not None and Version(found.public) != pin:
            moved.append(f"{name} {found.public} (tested with {pin})")
    if not findings:
        telling = [text for text in good if text.split()[0] in TELLING]
        findings.append(Finding("packages", "good", f"{', '.join(telling)} and {len(good) - len(telling)} more"))
    if moved:
        findings.append(
            Finding(
                "packages",
                "note",
                f"other versions than the course was tested with: {', '.join(moved)}",
                "if a reference itself fails, `make setup` in a fresh checkout installs the tested ones",
            )
        )
    return findings


def _missing(wanted: Requirement) -> Finding:
    return Finding(
        f"package {wanted.name}",
        "problem",
        f"{wanted.name} is not installed; mechgrade needs {wanted}",
        f"make setup, or pip install '{wanted}'",
        "wrong_transformer_lens" if canonicalize_name(wanted.name) == "transformer-lens" else "",
    )


def _wrong(wanted: Requirement, found: Version) -> Finding:
    extra = ""
    mistake = ""
    if canonicalize_name(wanted.name) == "transformer-lens":
        mistake = "wrong_transformer_lens"
        extra = (
            "; 2.x has no TransformerBridge" if found.major < 3 else "; from 4.0 on HookedTransformer is gone"
        ) + ", on which labs and graders depend"
    return Finding(
        f"package {wanted.name}",
        "problem",
        f"{wanted.name} {found} is installed; mechgrade needs {wanted.specifier}{extra}",
        f"pip install '{wanted}'",
        mistake,
    )


def _pins(path: Path) -> dict[str, Version]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {canonicalize_name(name): Version(pin) for name, pin in pairs}
