"""Which models and autoencoders there are, by the lists that TransformerLens and sae-lens ship.

Both lists are data inside the packages, and are read from there without importing them: that would take seconds and load torch.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import yaml

from mechgrade.course import Course, CourseError, ModelProfile
from mechgrade.course.yamlfile import did_you_mean
from mechgrade.protocol.job import HUB

#: The forms of releases of which each autoencoder has a folder of its own: sae-lens's (none), Gemma Scope's, dictionary_learning's.
_FORMS = (None, "sae_lens", "gemma_2", "gemma_3", "dictionary_learning_1")


@dataclass(frozen=True)
class SaePlace:
    """Where a pretrained autoencoder lies: a repository of the Hub and a folder in it; and the numbers that its release states."""

    repository: str
    folder: str
    stated: dict[str, float] = field(default_factory=dict, compare=False)


@lru_cache(maxsize=1)
def models() -> dict[str, str]:
    """Every name and alias that TransformerLens boots, in lower case, and the repository that it stands for."""
    names = _assigned("OFFICIAL_MODEL_NAMES")
    aliases = _assigned("MODEL_ALIASES")
    found = {name.lower(): name for name in names}
    for name in names:
        found.update({alias.lower(): name for alias in aliases.get(name, ())})
    return found


def _assigned(name: str) -> dict[str, list[str]]:
    """A literal that ``transformer_lens/supported_models.py`` assigns; lists become dictionaries without values."""
    tree = ast.parse((_package("transformer_lens") / "supported_models.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id == name
            and node.value
        ):
            value = ast.literal_eval(node.value)
            return value if isinstance(value, dict) else {entry: [] for entry in value}
    raise CourseError(f"this version of transformer-lens keeps no {name}; install the pinned one (constraints.txt)")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CourseError(f"the package {name} is not installed; run `make setup`")
    return Path(next(iter(spec.submodule_search_locations)))


def repository(hub: str) -> str:
    """The Hub's repository behind a name that TransformerLens boots.

    Raises:
        CourseError: TransformerLens knows no such name.
    """
    found = models().get(hub.lower())
    if found is not None:
        return found
    if re.fullmatch(r"[\w.-]+/[\w.-]+", hub):
        return hub  # the bridge boots any repository whose architecture it knows
    raise CourseError(
        f"TransformerLens boots no model {hub!r}{did_you_mean(hub, models())}; `mechgrade models list --all` names those that it does"
    )


def sae(place: str) -> SaePlace:
    """Where an autoencoder that sae-lens knows by ``release/id`` lies.

    Raises:
        CourseError: sae-lens has no such release, or the release no such id.
    """
    release, _, identity = place.partition("/")
    # The whole file takes seconds to parse, and one release of it is wanted.
    text = (_package("sae_lens") / "pretrained_saes.yaml").read_text(encoding="utf-8")
    block = re.search(rf"^{re.escape(release)}:\n(?:[ \n-].*\n?)+", text, re.MULTILINE)
    if block is None:
        names = re.findall(r"^([^\s:#]+):$", text, re.MULTILINE)
        raise CourseError(f"sae-lens has no release {release!r}{did_you_mean(release, names)}")
    entry = yaml.safe_load(block.group())[release]
    entries = {str(each["id"]): each for each in entry["saes"]}
    if identity not in entries:
        raise CourseError(f"release {release} has no SAE {identity!r}; it has {', '.join(list(entries)[:20])}")
    form = entry.get("conversion_func")
    if form not in _FORMS:
        raise CourseError(
            f"release {release} keeps its SAEs in a form of its own ({form}), which cannot be fetched here: load one with sae-lens, "
            "save it with `save_model` in a folder of the course, and name the folder in course.yaml"
        )
    found = entries[identity]
    stated = {name: float(found[name]) for name in ("l0", "variance_explained") if name in found}
    return SaePlace(str(entry["repo_id"]), str(found["path"]), stated)


def profile_of(course: Course, name: str) -> ModelProfile:
    """The profile that a user means: one of course.yaml, by its name, what it boots or its SAE, or else any model of TransformerLens.

    Raises:
        CourseError: neither; or a model that is part of the course and needs no download.
    """
    if name in course.models:
        return course.models[name]
    for profile in course.models.values():
        if f"{HUB}{name}" in profile.parts.values() or (
            profile.hub is not None and profile.hub.lower() == name.lower()
        ):
            return profile
    hub = name.removeprefix("hub:")
    if hub.lower() not in models() and not name.startswith("hub:"):
        return course.model(name)  # which says what there is
    repository(hub)
    return course.model(f"hub:{hub}")
