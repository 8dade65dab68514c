"""The files of a model or autoencoder: which it needs, which are on this machine, and fetching the others.

Files lie in the ordinary Hugging Face cache, so that every other program finds them too. ``huggingface_hub`` downloads them; what it leaves
alone is done here: it starts a file again from the beginning when the program was ended, and compares no checksum.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mechgrade.course import CourseError, ModelProfile
from mechgrade.hub import faults, registry
from mechgrade.protocol.job import HUB

#: What a tokenizer and a configuration can consist of, at the top of a repository.
_SMALL = ("*.json", "merges.txt", "vocab.txt", "*.model", "*.jinja")

#: What every folder of a published autoencoder has one of, by its maker: sae-lens, dictionary_learning and Gemma Scope 2, Gemma Scope.
_OF_SAES = ("cfg.json", "config.json", "params.npz")
#: How files of weights end. The two last are those of autoencoders.
_WEIGHTS = (".safetensors", ".bin", ".npz", ".pt")

_MIB = 1 << 20


class HubError(Exception):
    """A model could not be fetched; the text says why and what to do."""


@dataclass(frozen=True)
class Need:
    """Files of one repository.

    Attributes:
        what: for people, such as ``the model gpt2-small``.
        repository: on the Hub.
        folder: the folder in it that is wanted; empty for a model, whose files lie at the top.
        pull: the name that ``mechgrade models pull`` takes.
    """

    what: str
    repository: str
    folder: str
    pull: str


@dataclass(frozen=True)
class File:
    """A file of a repository: its path there, its size in bytes, its checksum (SHA-256, or Git's SHA-1 of small ones)."""

    name: str
    size: int
    checksum: str


def needs(profile: ModelProfile) -> list[Need]:
    """What a profile needs from the Hub; nothing for a model of the course.

    Raises:
        CourseError: a name that neither library knows.
    """
    found = []
    if profile.hub is not None:
        found.append(Need(f"the model {profile.name}", registry.repository(profile.hub), "", profile.name))
    for part, source in profile.parts.items():
        if source.startswith(HUB):
            name = source.removeprefix(HUB)
            if part != "sae":
                raise CourseError(f"course.yaml: {profile.name}: a part {part!r} cannot be downloaded; only `sae` can")
            place = registry.sae(name)
            found.append(Need(f"the SAE {name}", place.repository, place.folder, profile.name))
    return found


# --- what is here ----------------------------------------------------------------------------------------------------


def here(need: Need) -> int | None:
    """The bytes of a model's files on this machine; None when weights or configuration are missing. Asks no network."""
    folder = snapshot(need)
    if folder is None:
        return None
    files = [path for path in (folder / need.folder).iterdir() if path.is_file()] if _has(folder / need.folder) else []
    return sum(path.stat().st_size for path in files) if files else None


def revision(need: Need) -> str | None:
    """The commit of the files on this machine; None where there are none."""
    folder = snapshot(need)
    return folder.name if folder is not None else None


def snapshot(need: Need) -> Path | None:
    """The folder of a repository's files on this machine; None where there are none."""
    from huggingface_hub import try_to_load_from_cache

    for name in [f"{need.folder}/{each}" for each in _OF_SAES] if need.folder else ["config.json"]:
        found = try_to_load_from_cache(need.repository, name)
        if isinstance(found, str):
            return Path(found.removesuffix(name))
    return None


def _has(folder: Path) -> bool:
    """Whether weights are there: all parts of them, where an index lists parts."""
    weights = [path for form in _WEIGHTS for path in folder.glob(f"*{form}") if path.stem != "sparsity"]
    for index in folder.glob("*.index.json"):
        parts = set(re.findall(r'"([^"]+\.(?:safetensors|bin))"', index.read_text(encoding="utf-8")))
        if not parts <= {path.name for path in weights}:
            return False
    return bool(weights)


# --- fetching --------------------------------------------------------------------------------------------------------


def listing(need: Need) -> tuple[str, list[File]]:
    """The commit at the Hub and the files that are needed of it.

    Raises:
        HubError: no connection, no such repository, or no access to it.
    """
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(need.repository, files_metadata=True)
    except Exception as error:
        raise HubError(faults.sentence(error, need.what, pull=need.pull)) from error
    found = [
        File(each.rfilename, each.size or 0, each.lfs.sha256 if each.lfs else each.blob_id or "")
        for each in info.siblings or []
    ]
    return str(info.sha), _needed(found, need)


def _needed(files: list[File], need: Need) -> list[File]:
    if need.folder:
        return [file for file in files if file.name.rpartition("/")[0] == need.folder]
    top = [file for file in files if "/" not in file.name]
    small = [file for file in top if any(fnmatch(file.name, pattern) for pattern in _SMALL)]
    weights = [file for file in top if fnmatch(file.name, "model*.safetensors")]
    # The same weights lie there in up to five formats; one is wanted.
    weights = weights or [file for file in top if fnmatch(file.name, "pytorch_model*.bin")]
    kind = "pytorch_model" if weights and weights[0].name.endswith(".bin") else "model"
    small = [file for file in small if not file.name.endswith(".index.json") or file.name.startswith(f"{kind}.")]
    return [*small, *weights]


def fetch(
    need: Need, *, again: bool = False, tell: Callable[[File, bool], None] = lambda _file, _whole: None
) -> tuple[int, int]:
    """Bring a model's files to this machine, going on where an earlier try stopped, and compare each with its checksum.

    Args:
        again: fetch also what is here.
        tell: told of each file before (``False``) and after (``True``).

    Returns:
        the bytes of all files, and of those that were not here before.

    Raises:
        HubError: with the reason; what arrived stays for the next try, unless it is corrupt.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    commit, files = listing(need)
    if not any(file.name.endswith(_WEIGHTS) for file in files):
        raise HubError(f"{need.what}: {need.repository} holds no weights in safetensors or PyTorch form")
    fetched = 0
    for file in files:
        present = isinstance(try_to_load_from_cache(need.repository, file.name, revision=commit), str)
        tell(file, False)
        try:
            if (again or not present) and _is_large(file):
                _resume(need, file, commit)
            # By the branch and not the commit: the cache's reference to it is what loading without a network starts from.
            path = Path(hf_hub_download(need.repository, file.name, force_download=again and not _is_large(file)))
        except HubError:
            raise
        except Exception as error:
            raise HubError(faults.sentence(error, need.what, pull=need.pull)) from error
        if not _is_whole(path, file):
            path.resolve().unlink()
            path.unlink(missing_ok=True)
            raise _corrupt(need, file)
        fetched += 0 if present and not again else file.size
        tell(file, True)
    return sum(file.size for file in files), fetched


def _is_large(file: File) -> bool:
    """Whether the Hub keeps it by its SHA-256, which is its name in the cache then."""
    return re.fullmatch("[0-9a-f]{64}", file.checksum) is not None


def _resume(need: Need, file: File, commit: str) -> None:
    """Put a large file where the cache expects its content, from where an earlier try stopped.

    ``huggingface_hub`` finds it there and only links it.
    """
    from filelock import FileLock
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.file_download import http_get, repo_folder_name
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # it is there, but not marked as exported

    blobs = Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=need.repository, repo_type="model"), "blobs")
    blobs.mkdir(parents=True, exist_ok=True)
    part = blobs / f"{file.checksum}.part"
    with FileLock(part.with_suffix(".lock")):
        with part.open("ab") as stream:
            if stream.tell() < file.size:
                http_get(
                    hf_hub_url(need.repository, file.name, revision=commit),
                    stream,
                    resume_size=stream.tell(),
                    headers=build_hf_headers(),
                    expected_size=file.size,
                )
        if not _is_whole(part, file):
            part.unlink()
            raise _corrupt(need, file)
        part.replace(blobs / file.checksum)
    part.with_suffix(".lock").unlink(missing_ok=True)


def _corrupt(need: Need, file: File) -> HubError:
    return HubError(
        f"{need.what} could not be loaded: {file.name} is corrupt, its checksum is not the Hub's; it was deleted: "
        f"run `{faults.PULL} {need.pull}` again"
    )


def _is_whole(path: Path, file: File) -> bool:
    """Whether a file has the Hub's checksum. Where the Hub gave none of a known kind, its size has to do."""
    if path.stat().st_size != file.size:
        return False
    if _is_large(file):
        digest = hashlib.sha256()
    elif re.fullmatch("[0-9a-f]{40}", file.checksum):
        digest = hashlib.sha1(b"blob %d\0" % file.size)
    else:
        return True
    with path.open("rb") as stream:
        while part := stream.read(_MIB):
            digest.update(part)
    return digest.hexdigest() == file.checksum


def size_text(count: int) -> str:
    """Bytes for people: ``548 MB``, decimal as the Hub shows them."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if count >= 10**power:
            number = count / 10**power
            return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
    return f"{count} B"
