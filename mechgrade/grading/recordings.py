"""What was recorded of an exercise: the reference's data with its noise floor, and each misconception's.

One JSON file and one safetensors file an exercise and model, under ``fixtures/recorded/<model>/<lab>/``. The JSON holds the
provenance (what it was made from, see ``dependencies``), the misconceptions' sentences, and the runs by key. Arrays are named
by the hash of their content, so equal data is kept once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from mechgrade.files import write_atomic
from mechgrade.grading.errors import GraderError
from mechgrade.protocol.wire import Array, Tree, WireError, pack, unpack

SCHEMA = 1


@dataclass
class Run:
    """One scenario with one set of inputs.

    Attributes:
        reference: the reference's data.
        noise: the noise floor of each floating leaf, by path.
        misconceptions: what each wrong program gives, as :meth:`Outcome.as_tree` has it.
    """

    reference: Tree
    noise: dict[str, float]
    misconceptions: dict[str, Tree] = field(default_factory=dict)


@dataclass
class Recording:
    """All that was recorded of one exercise on one model."""

    provenance: dict[str, str] = field(default_factory=dict)
    #: name of a misconception to the sentence that the learner is told, in the order in which they were written
    sentences: dict[str, str] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)


def path_of(root: Path, model: str, lab: str, exercise: str) -> Path:
    """Where an exercise's recording lies; the arrays are beside it, with the suffix .safetensors."""
    # hub:owner/name is one folder, and no colon, which some file systems refuse.
    folder = model.replace(":", "--").replace("/", "--")
    return root / "fixtures" / "recorded" / folder / lab / f"{exercise}.json"


def _digest(content: dict[str, Any], arrays: bytes) -> str:
    """One hash over both files, so that neither can change, nor be another recording's, unnoticed."""
    text = json.dumps(content, sort_keys=True).encode()
    return hashlib.sha256(hashlib.sha256(text).digest() + hashlib.sha256(arrays).digest()).hexdigest()


def _name(array: Array) -> str:
    digest = hashlib.sha256(f"{array.values.dtype.str}{array.shape}".encode())
    digest.update(array.values.tobytes())
    return digest.hexdigest()[:20]


def write(path: Path, recording: Recording) -> None:
    """Write a recording, atomically and in the same bytes for the same content."""
    arrays: dict[str, Any] = {}

    def packed(tree: Tree) -> Any:
        value, found = pack(tree, _name)
        arrays.update(found)
        return value

    runs = {
        key: {
            "reference": packed(run.reference),
            "noise": run.noise,
            "misconceptions": {name: packed(tree) for name, tree in run.misconceptions.items()},
        }
        for key, run in recording.runs.items()
    }
    body = save_arrays({name: arrays[name] for name in sorted(arrays)})
    content = {"provenance": recording.provenance, "sentences": recording.sentences, "runs": runs}
    document = {
        "generated": "by mechgrade record; do not edit",
        "schema": SCHEMA,
        "sha256": _digest(content, body),
        **content,
    }
    write_atomic(path.with_suffix(".safetensors"), body)
    write_atomic(path, _text(document))


def _text(document: dict[str, Any]) -> str:
    """The document as JSON with a line for each entry: a diff shows which run changed, and the file stays small."""
    lines = []
    for key, value in document.items():
        if isinstance(value, dict):
            entries = [f"  {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in value.items()]
            lines.append(f" {json.dumps(key)}: {{\n" + ",\n".join(entries) + "\n }")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read(path: Path) -> Recording:
    """Read a recording.

    Raises:
        GraderError: it is missing, corrupt, or of another schema.
    """
    advice = "an instructor can make it again with `mechgrade record`; a learner gets it back from the course's archive"
    try:
        document = json.loads(path.read_bytes())
        body = path.with_suffix(".safetensors").read_bytes()
    except FileNotFoundError as error:
        raise GraderError(f"{error.filename} is missing: {advice}") from None
    except (OSError, ValueError) as error:
        raise GraderError(f"{path} cannot be read ({type(error).__name__}): {advice}") from None
    try:
        if document["schema"] != SCHEMA:
            raise GraderError(f"{path} is of schema {document['schema']}, this mechgrade reads {SCHEMA}: {advice}")
        content = {part: document[part] for part in ("provenance", "sentences", "runs")}
        if _digest(content, body) != document["sha256"]:
            raise GraderError(f"{path} or its .safetensors is corrupt: {advice}")
        arrays = load_arrays(body)
        runs = {
            key: Run(
                unpack(run["reference"], arrays),
                {where: float(noise) for where, noise in run["noise"].items()},
                {name: unpack(tree, arrays) for name, tree in run["misconceptions"].items()},
            )
            for key, run in document["runs"].items()
        }
        return Recording(document["provenance"], document["sentences"], runs)
    except (KeyError, TypeError, AttributeError, ValueError, WireError, SafetensorError) as error:
        raise GraderError(f"{path} is corrupt ({type(error).__name__}: {error}): {advice}") from None
