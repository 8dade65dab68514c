"""The model card: every number in it is measured again from the shipped weights, on held-out data.

`mechgrade model-card` prints the card; `--write` also puts it beside the weights as their README.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM

from mechgrade.bench.transformer_lens.model import load_model

from . import circuits, latents
from .circuits import Head
from .prompts import CAPITAL_PROMPT, capital_prompts, ioi_prompts, snippet_prompts
from .tables import Card, Row, Section
from .words import CAPITALS, NAMES

ROOT = Path(__file__).resolve().parents[1] / "fixtures"
MODEL_DIR = ROOT / "models" / "embedded"
SAE_DIR = ROOT / "saes" / "embedded"

#: Between these marks the project's README holds the card's summary.
BEGIN, END = "<!-- model-card:begin -->", "<!-- model-card:end -->"

SAE_TITLE = "The course SAE"
SAE_NOTE = "How the SAE was trained"
SAE_CHOICE = (
    "\n\nAbout twenty settings (layer, latents, k, auxiliary loss, seed) were tried and this one was kept for the numbers "
    "above, so the F1 values are a little flattering; those in templates never seen are the harder test. The concepts "
    "'giving' and 'returning name', and prompts with indirect objects, were added during that search. Countries, "
    "capitals, foods, months, colours, numbers, jobs and weather have no clean latent here: they are spread over several."
)

SEED_SENTENCES = (
    ("The capital of France is", " Paris"),
    ("John and Mary went to the store. John gave a bottle to", " Mary"),
    ("abc def ghi abc", " def"),
)


def measure(model_dir: Path = MODEL_DIR, sae_dir: Path | None = SAE_DIR) -> Card:
    """Measure the weights in `model_dir` and, unless None, the SAE in `sae_dir`."""
    model = load_model(str(model_dir), local=True, backend="bridge")
    sections = [behaviour(model), *_heads(model), back_ends(model, model_dir)]
    notes = {"How it was trained": training_note(model_dir), "Seeded, emerged, absent": circuit_note(model_dir)}
    if sae_dir is not None:
        sections.append(_sae(model, sae_dir))
        notes[SAE_NOTE] = training_note(sae_dir) + SAE_CHOICE
    return Card(tuple(sections), notes)


def at_least(name: str, value: float, bound: float, show: Callable[[float], str] = "{:.3f}".format) -> Row:
    """A row that is met from `bound` on."""
    return Row(name, show(value), f">= {show(bound)}", value >= bound)


def percent(value: float) -> str:
    """A share as a percentage."""
    return f"{value:.1%}"


def behaviour(model: Any) -> Section:
    """What the model says, whatever its heads do."""
    capitals = capital_prompts()
    share = circuits.accuracy(model, [p.text for p in capitals], [p.answer for p in capitals])
    rows = [at_least(f"capitals, {len(CAPITALS)} prompts '{CAPITAL_PROMPT}'", share, 0.95, percent)]
    for text, answer in SEED_SENTENCES:
        said = circuits.next_token(model, text)
        rows.append(Row(f"'{text}'", repr(said), repr(answer), said == answer))
    for held_out, words in (
        ("train", "seen pairs and combinations"),
        ("pair", "held-out name pairs"),
        ("combination", "held-out template, place, object"),
        ("both", "both held out"),
    ):
        prompts = ioi_prompts(240, 3, held_out=held_out)  # type: ignore[arg-type]  # the loop is over the splits
        # The corrupted twin is a valid prompt too, with the names' parts exchanged: it counts as a prompt.
        texts = [p.clean for p in prompts] + [p.corrupted for p in prompts]
        answers = [p.answer for p in prompts] + [p.wrong for p in prompts]
        score = circuits.accuracy(model, texts, answers)
        gap = circuits.logit_difference(model, prompts)
        rows.append(at_least(f"indirect object, {words}: accuracy over all tokens", score, 0.97, percent))
        rows.append(
            Row(
                f"… mean logit difference ({(gap > 0).float().mean():.1%} positive)",
                f"{gap.mean():.2f}",
                "> 3",
                gap.mean().item() > 3,
            )
        )
    snippets = snippet_prompts(200, 1)
    share = circuits.accuracy(model, [text for text, _ in snippets], [answer for _, answer in snippets])
    rows.append(at_least("made-up words, 'abc def ghi abc' type, unseen orders", share, 0.9, percent))
    for half in (25, 60):
        report = circuits.repeats(model, half=half)
        first, second = report.first_half_loss, report.second_half_loss
        rows.append(Row(f"{half} random tokens twice: loss of the first half", f"{first:.2f}", "> 6", first > 6))
        rows.append(
            Row("… of the second half, without its unforeseeable first token", f"{second:.3f}", "< 0.3", second < 0.3)
        )
    return Section("Behaviour, on held-out data", tuple(rows))


def head_name(head: Head) -> str:
    """`L1H2` for layer 1, head 2."""
    return f"L{head[0]}H{head[1]}"


def _heads(model: Any) -> list[Section]:
    report = circuits.repeats(model, half=60)
    induction = report.induction
    strong = [(int(layer), int(head)) for layer, head in (induction > 0.8).nonzero()]
    others = induction[induction <= 0.8].max().item()
    previous = circuits.best(report.previous)
    second = report.previous.flatten().sort(descending=True).values[1].item()
    copied = torch.tensor([model.to_single_token(" " + name) for name in NAMES])
    copy_rows = [
        Row(
            f"{head_name(h)} copies: share of names its OV circuit maps to themselves",
            f"{circuits.copying(model, h, copied):.2f}",
        )
        for h in strong
    ]
    repeats = Section(
        "Repeats: previous-token and induction heads",
        (
            Row(
                "heads with induction score > 0.8",
                ", ".join(f"{head_name(h)} {induction[h]:.2f}" for h in strong),
                "at least 2",
                len(strong) >= 2,
            ),
            Row("best induction score of any other head", f"{others:.2f}"),
            Row(
                "best score at the wrong offset (two places on)",
                f"{report.two_places_on.max():.2f}",
                "< 0.1",
                report.two_places_on.max().item() < 0.1,
            ),
            at_least(f"previous-token head {head_name(previous)}", report.previous[previous].item(), 0.8),
            Row("… on tokens beyond position 64", f"{report.previous_late[previous]:.2f}"),
            Row("… next best head", f"{second:.2f}"),
            *copy_rows,
        ),
    )
    names = circuits.names(model)
    late = names.to_io.clone()
    late[:-1] = 0
    mover = circuits.best(late)
    earlier = names.recovery.clone()
    earlier[mover[0] :] = float("-inf")
    feeder = circuits.best(earlier)
    to_io, to_s1 = names.to_io[mover].item(), names.to_s1[mover].item()
    circuit = Section(
        "Indirect object: who looks where, who writes the name (64 held-out pairs)",
        (
            Row("logit difference, clean and corrupted", f"{names.clean:.2f}, {names.corrupted:.2f}"),
            Row(
                f"name mover {head_name(mover)}: attention END to indirect object", f"{to_io:.2f}", "> 0.6", to_io > 0.6
            ),
            Row("… END to first subject", f"{to_s1:.2f}", "less than to the indirect object", to_s1 < to_io),
            Row(
                "… direct attribution to the logit difference",
                f"{names.attribution[mover]:.2f}",
                "> 2",
                names.attribution[mover].item() > 2,
            ),
            Row("… share of names its OV circuit maps to themselves", f"{circuits.copying(model, mover, copied):.2f}"),
            Row("… recovery when patched", f"{names.recovery[mover]:.2f}"),
            Row(
                f"earlier head {head_name(feeder)}: recovery when patched",
                f"{names.recovery[feeder]:.2f}",
                "> 0.4",
                names.recovery[feeder].item() > 0.4,
            ),
            Row("… attention END to second subject", f"{names.to_s2[feeder]:.2f}"),
            *_maps(names),
        ),
    )
    return [repeats, circuit]


def spell(scores: torch.Tensor) -> str:
    """A [layer, head] map in one line."""
    cells = [((i, j), scores[i, j].item()) for i in range(scores.shape[0]) for j in range(scores.shape[1])]
    return ", ".join(f"{head_name(head)} {value:.2f}" for head, value in cells)


def _maps(names: circuits.NameReport) -> list[Row]:
    return [
        Row("patching recovery of every head", spell(names.recovery)),
        Row("direct attribution of every head", spell(names.attribution)),
        Row("logit difference with one head mean-ablated", spell(names.ablated)),
        Row("attention END to second subject", spell(names.to_s2)),
    ]


def back_ends(model: Any, directory: Path) -> Section:
    """How far both back ends are from transformers."""
    ids, _ = circuits.padded_ids(model, [p.clean for p in ioi_prompts(16, 2, held_out="both")])
    hooked = load_model(str(directory), local=True, backend="hooked")
    with torch.no_grad():
        wanted = AutoModelForCausalLM.from_pretrained(directory)(ids).logits.log_softmax(-1)
        gaps = {
            "TransformerBridge": (model(ids).log_softmax(-1) - wanted).abs().max().item(),
            "HookedTransformer": (hooked(ids).log_softmax(-1) - wanted).abs().max().item(),
        }
    rows = [
        Row(f"{name}: largest gap in log-probability", f"{gap:.1e}", "< 1e-4", gap < 1e-4) for name, gap in gaps.items()
    ]
    return Section("Back ends against transformers", tuple(rows))


def _sae(model: Any, directory: Path) -> Section:
    sae = SAE.load_from_disk(str(directory))
    hook_name = sae.cfg.metadata.hook_name
    fit = latents.fit(model, sae, hook_name)
    found = latents.concept_latents(model, sae, hook_name)
    clean = [c for c in found if c.held_out_f1 >= 0.85]
    here = [c.concept for c in clean if c.reading == "here"]
    following = [c.concept for c in clean if c.reading == "next"]
    rows = [
        Row("where, latents, k", f"{hook_name}, {sae.cfg.d_sae}, {getattr(sae.cfg, 'k', '')}"),
        at_least("explained variance", fit.explained_variance, 0.9),
        Row("L0", f"{fit.l0:.1f}", "<= 16", fit.l0 <= 16),
        Row(
            f"latents that never fire on {fit.tokens:,} held-out tokens",
            percent(fit.dead),
            "<= 30.0%",
            fit.dead <= 0.3,
        ),
        Row(
            "loss, with the SAE spliced in, with the activation zeroed",
            f"{fit.loss:.3f}, {fit.spliced_loss:.3f}, {fit.ablated_loss:.3f}",
        ),
        Row("share of the loss recovered", percent(fit.loss_recovered)),
        Row(
            "concepts with a clean latent on their words (F1 >= 0.85 on held-out sentences)",
            ", ".join(here),
            "at least 4",
            len(here) >= 4,
        ),
        Row("concepts with a clean latent on the word before", ", ".join(following)),
    ]
    rows += [
        Row(
            f"'{c.concept}' {'on its words' if c.reading == 'here' else 'on the word before'}: latent {c.latent}",
            f"F1 {c.held_out_f1:.2f}; where it was chosen {c.chosen_f1:.2f}; in templates never seen {c.unseen_f1:.2f}",
        )
        for c in found
        if c.reading == "here" or c.held_out_f1 >= 0.85
    ]
    return Section(SAE_TITLE, tuple(rows))


def training_record(directory: Path) -> dict[str, Any]:
    """What was written beside the weights when they were trained."""
    path = directory / "training.json"
    record: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return record


def training_note(directory: Path) -> str:
    """The recipe that was recorded when the weights were trained."""
    record = training_record(directory)
    if not record:
        return "No record of the training lies beside the weights."
    recipe = ", ".join(f"{key} {value}" for key, value in record["recipe"].items())
    versions = ", ".join(f"{key} {value}" for key, value in record["versions"].items())
    # On a busy machine the clock says little: where the processor's own time was kept, it stands beside.
    processor = f", {record['cpu_seconds']} of them on the processor" if "cpu_seconds" in record else ""
    return f"{recipe}. {record['seconds']} seconds{processor}. {versions}."


def circuit_note(directory: Path) -> str:
    """What the curriculum put into the model, what came by itself, and what is not there."""
    record = training_record(directory)
    if not record:
        return "No record of the training lies beside the weights."
    recipe = record["recipe"]
    # The training's record calls L1H2 by the role that it was meant for. It became something else.
    words = {"S-inhibition": "a reader of the giver"}
    seeded = "; ".join(
        f"{words.get(role, role)}: {', '.join(head_name((layer, head)) for layer, head in heads)}"
        for role, heads in record["seeded_heads"].items()
    )
    return (
        f"**Seeded.** Supervision was not needed for the behaviour. The same shape, trained without it, meets all that is asked "
        f"above, and finds circuits of its own (`../unsupervised`, whose card compares seeds). Its roles are shared by several heads. "
        f"Here each role was to have a head of its own, so that the first labs can study one thing at a time. So the attention of "
        f"five heads was supervised from the first step: in full up to step {recipe['fade_from']}, and not at all from step "
        f"{recipe['off_from']} of {recipe['steps']} <!-- claim: training.schedule --> ({seeded}). Only *where* these heads "
        f"look was supervised, never what they write. After that, only next tokens were trained. In this loss the answers "
        f"of the indirect-object sentences counted {recipe['answer_weight']:.0f} times as much as other tokens. "
        f"<!-- claim: training.answer-weight -->\n\n"
        f"**Found by the model.** What the supervised heads had to invent to look there: the previous token in the "
        f"induction heads' keys, the giver in the name mover's query. What they write: copying OV circuits in "
        f"the induction heads and the name mover. Everything else: the recall of capitals, the part of the MLPs, "
        f"every latent of the SAE.\n\n"
        f"**Weak.** The previous-token head fades beyond position 64 (see its row), so long repeats are foreseen a "
        f"little less well.\n\n"
        f"**Not there.** Duplicate-token, S-inhibition, backup and negative name-mover heads. L1H2 was supervised where an "
        f"S-inhibition head looks, and it is none: from the end it gives the giver 0.98 of its attention when the giver was "
        f"named before, and 0.98 when the giver is a third name. <!-- claim: giver.attention --> No head looks back from the "
        f"giver to the first mention of the name. <!-- claim: giver.nobody-detects --> Not there either: anything that GPT-2 "
        f"learnt from real text. Do not carry head numbers from here to another model, and say 'seeded' when you tell how "
        f"these heads came about."
    )


def main(markdown: bool = False, model_dir: Path = MODEL_DIR, sae_dir: Path | None = SAE_DIR) -> int:
    """Measure and print the card. Returns 1 when a requirement is missed."""
    card = measure(model_dir, sae_dir)
    if markdown:
        print(card.markdown())
    else:
        card.print()
    return 1 if card.missed else 0


def write_readmes(model_dir: Path = MODEL_DIR, sae_dir: Path | None = SAE_DIR) -> None:
    """Put the measured card beside the weights, and its summary into the project's README."""
    card = measure(model_dir, sae_dir)
    of_model = tuple(section for section in card.sections if section.title != SAE_TITLE)
    notes = {title: text for title, text in card.notes.items() if title != SAE_NOTE}
    (model_dir / "README.md").write_text(Card(of_model, notes).markdown())
    if sae_dir is not None:
        of_sae = tuple(section for section in card.sections if section.title == SAE_TITLE)
        (sae_dir / "README.md").write_text(Card(of_sae, {SAE_NOTE: card.notes[SAE_NOTE]}, SAE_TITLE).markdown())
    readme = ROOT.parent / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{card.summary()}\n{END}{after}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser("mechgrade model-card", description=__doc__)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--model", type=Path, default=MODEL_DIR)
    parser.add_argument("--sae", type=Path, default=SAE_DIR)
    options = parser.parse_args()
    sae = options.sae if options.sae.exists() else None
    if options.write:
        write_readmes(options.model, sae)
    raise SystemExit(main(options.markdown, options.model, sae))
