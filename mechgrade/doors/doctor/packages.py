"""The packages that are installed, against what mechgrade asks for and what the course was tested with."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from mechgrade.bench.finding import Doctor, Finding


def examine_packages(root: Path, packages: Sequence[str], doctor: Doctor | None = None) -> list[Finding]:
    """A finding for each requirement that is not met, and one for all that are.

    Args:
        root: the course's directory, for constraints.txt.
        packages: the bench's packages. Their exact versions move numbers or break names, so another than the pinned is worth a word.
        doctor: knows what other versions lack.
    """
    findings = []
    needed = {canonicalize_name(name) for name in packages}
    try:
        asked = [Requirement(text) for text in requires("mechgrade") or []]
    except PackageNotFoundError:  # a copy of the engine that pip knows nothing of
        asked = []
    # Those of extras count where the bench needs them.
    wanted = [each for each in asked if each.marker is None or each.marker.evaluate({"extra": ""})]
    known = {canonicalize_name(each.name) for each in wanted}
    wanted += [each for each in asked if canonicalize_name(each.name) in needed - known]
    wanted = list({canonicalize_name(each.name): each for each in wanted}.values())
    pins = _pins(root / "constraints.txt")
    good, moved = [], []
    for each in wanted:
        name = canonicalize_name(each.name)
        try:
            found = Version(version(name))
        except PackageNotFoundError:
            findings.append(_missing(each, needed))
            continue
        if not each.specifier.contains(found, prereleases=True):
            findings.append(_wrong(each, found, needed, doctor))
            continue
        good.append(f"{name} {found.public}")
        pin = pins.get(name)
        if name in needed and pin is not None and Version(found.public) != pin:
            moved.append(f"{name} {found.public} (tested with {pin})")
    if not findings:
        telling = [text for text in good if text.split()[0] in needed]
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


def _missing(wanted: Requirement, needed: set[NormalizedName]) -> Finding:
    return Finding(
        f"package {wanted.name}",
        "problem",
        f"{wanted.name} is not installed; mechgrade needs {wanted}",
        f"make setup, or pip install '{wanted}'",
        _mistake(wanted, needed),
    )


def _mistake(wanted: Requirement, needed: set[NormalizedName]) -> str:
    return "wrong_version" if canonicalize_name(wanted.name) in needed - {"torch", "numpy"} else ""


def _wrong(wanted: Requirement, found: Version, needed: set[NormalizedName], doctor: Doctor | None) -> Finding:
    extra = doctor.about_version(canonicalize_name(wanted.name), found.major) if doctor is not None else ""
    return Finding(
        f"package {wanted.name}",
        "problem",
        f"{wanted.name} {found} is installed; mechgrade needs {wanted.specifier}{extra}",
        f"pip install '{wanted.name}{wanted.specifier}'",
        _mistake(wanted, needed),
    )


def _pins(path: Path) -> dict[str, Version]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {canonicalize_name(name): Version(pin) for name, pin in pairs}
