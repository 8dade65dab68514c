"""What a model is made of, told from its configuration and its tokenizer's file: without its weights, and without the libraries that load them.

The grader's side asks this before anything is run: a check that needs what a model lacks is left out. See ``needs`` in course.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mechgrade.bench.transformer_lens import files, saes
from mechgrade.bench.transformer_lens.tokens import TOKENIZER, cutter
from mechgrade.protocol.job import HUB, BenchSpec

#: Families whose configurations name no kind of positions: these learn an embedding for each position, and those have none.
_LEARNED = frozenset(
    [
        *("gpt2", "gpt_neo", "gpt_bigcode", "opt", "imagegpt", "xglm", "bert", "roberta"),
        *("distilbert", "electra"),
    ]
)
_ALIBI = frozenset(["bloom", "mpt"])
#: Older files of these families name no rotary embedding, which all of them have. Of others a key of the configuration says it.
_ROTARY = frozenset(
    [
        *("llama", "mistral", "mixtral", "gemma", "gemma2", "gemma3", "gemma3_text", "gemma4"),
        *("olmo", "olmo2", "olmo3", "olmoe", "qwen", "qwen2", "qwen2_moe", "qwen3"),
        *("qwen3_moe", "gpt_neox", "gptj", "codegen", "phi", "phi3", "phimoe", "falcon"),
        *("stablelm", "starcoder2", "cohere", "cohere2", "granite", "granitemoe", "internlm2", "glm"),
        "glm4",
    ]
)
_ROTARY_KEYS = re.compile(r"rope_|rotary_|_rotary")
#: Families in which attention and MLP read the same input, unless the configuration says otherwise.
_PARALLEL = frozenset(["gpt_neox", "gptj", "phi", "cohere", "cohere2", "codegen"])
#: Families in which a norm stands behind attention and MLP.
_NORMED = frozenset(["gemma2", "gemma3", "gemma3_text", "olmo2", "olmo3", "glm4"])
#: Families that read a text both ways; with ``is_decoder`` some of them read forwards.
_BOTH_WAYS = frozenset(
    [
        *("bert", "roberta", "xlm-roberta", "camembert", "distilbert", "albert", "electra", "deberta"),
        *("deberta-v2", "mpnet", "modernbert", "convbert", "roformer", "megatron-bert", "nomic_bert", "eurobert"),
    ]
)
#: How models are called that label a text and continue none.
_LABELS = re.compile(r"For(SequenceClassification|TokenClassification|QuestionAnswering)$")
#: Families in which a state that goes along the text stands in attention's place, in all layers or in some.
_STATE_SPACE = frozenset(
    [
        *("mamba", "mamba2", "falcon_mamba", "rwkv", "rwkv7", "xlstm", "hyenadna", "jamba"),
        *("bamba", "zamba", "zamba2", "nemotron_h", "recurrent_gemma", "falcon_h1", "granitemoehybrid", "lfm2"),
        *("lfm2_moe", "qwen3_next", "qwen3_5", "qwen3_5_text", "olmo_hybrid"),
    ]
)
#: Families that read images or sound.
_NO_TEXT = frozenset(["vit", "deit", "clip", "hubert", "wav2vec2", "audio-spectrogram-transformer"])
#: How configurations name the longest text.
_CONTEXT = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length", "max_sequence_length")


@dataclass(frozen=True)
class Facts:
    """A transformer's kind.

    Attributes:
        family: as the configuration names it.
        positions: ``learned``, ``rotary``, ``ALiBi``, ``relative``; ``no`` where the order comes from elsewhere, ``unknown``.
        norm: ``LayerNorm`` or ``RMSNorm``.
        layers: how many; 0 where the configuration does not say.
        heads: in a layer.
        kv_heads: heads of keys and values; fewer than heads where heads share them.
        gated: whether the MLP multiplies two projections.
        parallel: whether attention and MLP of a layer read the same input.
        softcap: whether the logits are kept in bounds by a tanh.
        normed_outputs: whether what attention and MLP give is normalised before it is added to the residual stream.
    """

    family: str
    positions: str
    norm: str
    layers: int
    heads: int
    kv_heads: int
    gated: bool
    parallel: bool
    softcap: bool
    normed_outputs: bool

    @property
    def words(self) -> str:
        """The kind in a line."""
        found = [f"{self.positions} positions", self.norm, f"{self.heads} heads"]
        if self.kv_heads < self.heads:
            found[-1] += f" in {self.kv_heads} group{'s' * (self.kv_heads > 1)}"
        more = {
            "gated MLP": self.gated,
            "parallel blocks": self.parallel,
            "normed outputs": self.normed_outputs,
            "softcap": self.softcap,
        }
        found += [name for name, there in more.items() if there]
        return f"{self.family}: {', '.join(found)}"


def facts_of(config: Mapping[str, Any]) -> Facts:
    """A model's kind, from its config.json."""
    family = str(config.get("model_type", "unknown"))
    heads = int(config.get("num_attention_heads") or config.get("n_head") or config.get("num_heads") or 1)
    has_rms = "rms_norm_eps" in config
    return Facts(
        family,
        _positions(family, config),
        "RMSNorm" if has_rms else "LayerNorm",
        int(config.get("num_hidden_layers") or config.get("n_layer") or config.get("num_layers") or 0),
        heads,
        int(config.get("num_key_value_heads") or (1 if config.get("multi_query") else heads)),
        has_rms or family == "stablelm",  # who came with RMSNorm came with gated MLPs
        bool(config.get("use_parallel_residual", config.get("parallel_attn", family in _PARALLEL))),
        bool(config.get("final_logit_softcapping")),
        family in _NORMED,
    )


def _positions(family: str, config: Mapping[str, Any]) -> str:
    if family in _LEARNED:
        return "learned"
    if family in _ALIBI or config.get("alibi"):
        return "ALiBi"
    if family in _ROTARY or any(map(_ROTARY_KEYS.search, config)):
        return "rotary"
    if "relative_attention_num_buckets" in config:
        return "relative"
    return "no" if family in _STATE_SPACE else "unknown"


def unfit(config: Mapping[str, Any]) -> str:
    """Why a model of this configuration can be used for none of a course's exercises, in words; empty where it can.

    They work with next-token logits, a residual stream and attention heads: those of a decoder that reads a text from left to right.
    """
    family = str(config.get("model_type", ""))
    built = [str(each) for each in config.get("architectures") or []]
    kind = built[0] if built else family
    if config.get("is_encoder_decoder"):
        return f"{kind} has an encoder and a decoder (its config.json says is_encoder_decoder)"
    if not config.get("is_decoder") and (family in _BOTH_WAYS or kind.endswith("ForMaskedLM")):
        return f"{kind} reads a text both ways, so it has no logits of a next token"
    if _LABELS.search(kind):
        return f"{kind} labels texts, so it has no logits of a next token"
    if family in _NO_TEXT:
        return f"{kind} reads no text"
    layers = [str(each) for each in config.get("layer_types") or []]
    if family in _STATE_SPACE or any("attention" not in each or "linear" in each for each in layers):
        return f"{kind} has layers without attention heads"
    return ""


def why_not(place: str) -> str:
    """Why the model in a directory or under ``hub:NAME`` can be used for nothing, in words; empty where it can, or is not here."""
    folder = folder_of(place)
    if folder is None or not (folder / "config.json").is_file():
        return ""  # told by whoever loads it
    kind = "the model " + (place if place.startswith(HUB) else Path(place).name)
    wrong = files.wrong_json(folder / "config.json")
    if wrong and place.startswith(HUB):
        return ""  # whoever loads it says how to download it again
    if wrong:
        return f"{kind} cannot be loaded: {wrong}; put the file back as it was, or choose another --model"
    why = unfit(config_at(place))
    if not why:
        return ""
    return f"{kind} cannot be used: the course needs a decoder with attention heads, and {why}; choose another --model"


@lru_cache(maxsize=16)
def facts_at(place: str) -> Facts | None:
    """The kind of the model in a directory or under ``hub:NAME``; None where no configuration can be read.

    What is not on this machine is told by whoever loads it.
    """
    try:
        return facts_of(config_at(place))
    except (ValueError, TypeError, AttributeError):
        return None


def config_at(place: str) -> dict[str, Any]:
    """A model's config.json, with that of its text part on top.

    Raises:
        ValueError: there is none on this machine, or it cannot be read.
    """
    folder = folder_of(place)
    if folder is None:
        raise ValueError(f"no configuration of {place}")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"no configuration of {place}") from error
    return {**config, **(config.get("text_config") or {})}


def folder_of(place: str) -> Path | None:
    """Where the files of a model lie: a directory, or what was pulled of ``hub:NAME``; None where nothing was."""
    if not place.startswith(HUB):
        return Path(place) if place else None
    from mechgrade.course import CourseError, ModelProfile
    from mechgrade.hub.files import needs, snapshot

    try:
        (need,) = needs(ModelProfile(name=place, hub=place.removeprefix(HUB)))
    except CourseError:
        return None
    return snapshot(need)


@lru_cache(maxsize=16)
def _pieces(place: str) -> Callable[[str], int] | None:
    """Into how many tokens a model cuts a text; None where this cannot be read from its files."""
    folder = folder_of(place)
    tokenizer = cutter(folder) if folder else None
    if tokenizer is None:
        return None
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


# --- what courses may need -----------------------------------------------------------------------------------------------


def _sae(spec: BenchSpec, _: Any) -> str:
    place = spec.part("sae")
    if not place:
        return "it needs a sparse autoencoder, and this model has none in course.yaml"
    sae = saes.at(place)
    # What cannot be read is left to whoever loads it.
    return saes.misfit(sae, sizes_at(spec.model)) if sae else ""


def _linear_sae(spec: BenchSpec, _: Any) -> str:
    sae = saes.at(spec.part("sae") or "")
    return saes.rescales(sae) if sae and not _sae(spec, None) else ""


def _stream_sae(spec: BenchSpec, _: Any) -> str:
    sae = saes.at(spec.part("sae") or "")
    return saes.elsewhere(sae, sizes_at(spec.model)) if sae and not _sae(spec, None) else ""


@lru_cache(maxsize=16)
def sizes_at(place: str) -> saes.Sizes | None:
    """The sizes of the model in a directory or under ``hub:NAME``; None where no configuration can be read."""
    try:
        return saes.sizes_of(config_at(place))
    except (ValueError, TypeError, AttributeError):
        return None


def _learned_positions(spec: BenchSpec, _: Any) -> str:
    facts = facts_at(spec.model)
    if facts is None or facts.positions == "learned":
        return ""
    if facts.positions == "unknown":
        return (
            f"it needs an embedding for each position, and the configuration of this model ({facts.family}) names none"
        )
    if facts.positions == "no":
        return "it needs an embedding for each position, and this model has no positions"
    return f"it needs an embedding for each position, and this model has {facts.positions} positions"


def _layer_norm(spec: BenchSpec, _: Any) -> str:
    facts = facts_at(spec.model)
    return "" if facts is None or facts.norm == "LayerNorm" else f"it needs LayerNorm, and this model has {facts.norm}"


def _sequential_blocks(spec: BenchSpec, _: Any) -> str:
    facts = facts_at(spec.model)
    if facts is None or not facts.parallel:
        return ""
    return "it needs an MLP that reads what attention has written, and in this model both read the same input"


def _ungrouped_heads(spec: BenchSpec, _: Any) -> str:
    facts = facts_at(spec.model)
    if facts is None or facts.kv_heads == facts.heads:
        return ""
    return f"it needs keys and values for each head, and in this model {facts.heads} heads share {facts.kv_heads}"


def _linear_logits(spec: BenchSpec, _: Any) -> str:
    facts = facts_at(spec.model)
    if facts is None or not facts.softcap:
        return ""
    return "it needs logits as the unembedding gives them, and this model keeps them in bounds (softcap)"


def _direct_heads(spec: BenchSpec, _: Any) -> str:
    facts = facts_at(spec.model)
    if facts is None or not facts.normed_outputs:
        return ""
    return "it needs heads that write to the residual stream directly, and in this model a norm stands between"


def _context(spec: BenchSpec, least: int) -> str:
    length = context_at(spec.model)
    if not length or length >= least:
        return ""
    return f"it needs a context of {least} tokens, and this model has {length}"


@lru_cache(maxsize=16)
def context_at(place: str) -> int:
    """How many tokens a model reads at most, by its configuration; 0 where it does not say."""
    try:
        config = config_at(place)
        return next((int(config[name]) for name in _CONTEXT if config.get(name)), 0)
    except (ValueError, TypeError, AttributeError):
        return 0


def _layers(spec: BenchSpec, least: int) -> str:
    facts = facts_at(spec.model)
    if facts is None or not facts.layers or facts.layers >= least:
        return ""
    return f"it needs {least} layers, and this model has {facts.layers}"


def _single_tokens(spec: BenchSpec, words: Sequence[str]) -> str:
    count = _pieces(spec.model)
    if count is None:
        # A model that is not here, or is damaged, is told by whoever loads it.
        folder = folder_of(spec.model)
        if facts_at(spec.model) is None or folder is None or (folder / TOKENIZER).exists():
            return ""
        return f"it needs words that are one token each, and without {TOKENIZER} this cannot be told of this model"
    cut = [word for word in words if count(word) != 1]
    if not cut:
        return ""
    shown = ", ".join(map(repr, cut[:3])) + (f" and {len(cut) - 3} more" if len(cut) > 3 else "")
    return f"it needs words that are one token each, and this model cuts {shown}"


#: What can be asked, and who answers: why a model cannot give it, or nothing.
NEEDS: dict[str, Callable[[BenchSpec, Any], str]] = {
    "sae": _sae,
    "linear_sae": _linear_sae,
    "stream_sae": _stream_sae,
    "learned_positions": _learned_positions,
    "layer_norm": _layer_norm,
    "sequential_blocks": _sequential_blocks,
    "ungrouped_heads": _ungrouped_heads,
    "linear_logits": _linear_logits,
    "layers": _layers,
    "context": _context,
    "direct_heads": _direct_heads,
    "single_tokens": _single_tokens,
}


def lacks(spec: BenchSpec, needs: Mapping[str, Any]) -> dict[str, str]:
    """Which of some needs a model cannot serve, and why. See :class:`mechgrade.bench.provider.Provider`."""
    found = {name: NEEDS[name](spec, more) for name, more in needs.items()}
    return {name: why for name, why in found.items() if why}
