"""Write the measured part of docs/capacity.md from the JSON of bench_cohort, bench_peers, bench_overhead and bench_forecast: ``python tests/benchmarks/capacity.py``.

What was not measured here stays as the page has it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
OUT = ROOT / "outputs" / "benchmarks"
PAGE = ROOT / "docs" / "capacity.md"


def cohort(found: dict[str, Any]) -> list[str]:
    """What one run of bench_cohort says."""
    lines = [
        f"Course: {found['course']}; isolation {found['isolation']}, {found['processors']} processors, load {found['load']:.1f} "
        f"at the start and {found['load_at_end']:.1f} at the end."
        + (f" Medians of {found['turns']} turns." if found.get("turns", 1) > 1 else ""),
        "",
    ]
    if "sizes" in found:
        lines += ["| measured | seconds | processor seconds |", "|---|---|---|"]
    for size, row in found.get("sizes", {}).items():
        lines.append(
            f"| {size} submissions, two processes, start-up included | {row['seconds']:.1f} | {row['processor']:.1f} |"
        )
    more = found.get("one_more")
    if more:
        lines.append(f"| one more submission | {more['seconds']:.2f} | {more['processor']:.2f} |")
        per = more["processor"]
        memory = ", ".join(f"{row['coordinator_mib']:.0f} MiB at {size}" for size, row in found["sizes"].items())
        lines += [
            "",
            f"1,000 take {per * 1000 / 3600:.2f} core hours, 100,000 take {per * 1e5 / 3600:.0f}: "
            f"{per * 1e5 / 3600 / 64:.2f} hours on 64 cores. "
            f"The coordinator's memory was {memory}.{_steps(found['sizes'])}",
        ]
    for name, words in (("jobs", "processes"), ("dask", "Dask workers, each on a processor of its own,")):
        if name in found:
            sizes = list(found[name]["1"])
            one, two = (
                (found[name][count][sizes[-1]]["seconds"] - found[name][count][sizes[0]]["seconds"])
                for count in ("1", "2")
            )
            lines += ["", f"Two {words} are {one / two:.2f} times as fast as one."]
    if "plain" in found and {"jobs", "dask"} & found.keys():
        lines[-1] += (
            f" At plain computing, two of this machine's processors do {found['plain']:.2f} times as much as one."
        )
    return lines


def _steps(sizes: dict[str, dict[str, float]]) -> str:
    """What could grow with a class: seconds, and the coordinator's processor time, for one more submission between neighbouring sizes."""
    if len(sizes) < 3:
        return ""
    steps = list(zip(sizes, list(sizes)[1:], strict=False))

    def each(what: str) -> str:
        more = [1e3 * (sizes[b][what] - sizes[a][what]) / (int(b) - int(a)) for a, b in steps]
        return ", ".join(f"{one:.1f} ms from {a} to {b}" for one, (a, b) in zip(more, steps, strict=True))

    return f" One more submission took {each('seconds')}; of the coordinator's processor time {each('coordinator')}."


def peers(found: dict[str, Any]) -> list[str]:
    """What one run of bench_peers says."""
    lines = [
        f"{found['lab']}, {found['learners']} submissions, load {found['load']:.1f} at the start and {found['load_at_end']:.1f} at the end.",
        "",
        "| a submission | seconds | processor seconds | by the clock, times one more of mechgrade's | by the processor |",
        "|---|---|---|---|---|",
    ]
    base = found["rows"]["mechgrade, one more"]
    for name, row in found["rows"].items():
        seconds, processor = (f"{row[what]:.2f}" if row[what] else "" for what in ("seconds", "processor"))
        clock, own = (
            f"{row[what] / base[what]:.1f}" if row[what] and base[what] else "" for what in ("seconds", "processor")
        )
        lines.append(f"| {name} | {seconds} | {processor} | {clock} | {own} |")
    return lines


def labs(found: dict[str, Any]) -> list[str]:
    """What bench_overhead says about whole labs, and from that what classes cost."""
    lines = [
        f"A class of {found['learners']}, isolation {found['isolation']}; processor seconds a submission, start-up not counted.",
        "",
        "| lab | bare computing | graded | ratio | core hours for 1,000 | for 100,000 | hours on 64 cores |",
        "|---|---|---|---|---|---|---|",
    ]
    for lab, row in found["rows"].items():
        hours = row["graded"] * 1000 / 3600
        lines.append(
            f"| {lab} | {row['bare']:.2f} | {row['graded']:.2f} | {row['ratio']:.2f} | {hours:.1f} | {hours * 100:.0f} | {hours * 100 / 64:.1f} |"
        )
    return lines


def whole_class(found: dict[str, Any]) -> list[str]:
    """What a run of bench_class says."""
    learners = found["light"] + found["whole"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in found["kinds"].items())
    where = f"{found['dask']} Dask workers on this machine" if found["dask"] else f"{found['jobs']} processes"
    lines = [
        f"{found['light']:,} light hand-ins and {found['whole']:,} of the whole of lab 3 ({kinds}), {where}, isolation {found['isolation']}, "
        f"{found['processors']} processors, load {found['load']} at the end. The coordinator was killed {found['kills']} times and started again.",
        "",
        "| measured | |",
        "|---|---|",
        f"| wall time, all starts included | {found['seconds']:.0f} s |",
    ]
    if found["processor"]:
        lines.append(f"| processor time of all processes | {found['processor']:.0f} s |")
    lines += [
        f"| the coordinator's processor time for a learner, all its lives together | {1e3 * found['coordinator'] / learners:.2f} ms |",
        f"| the coordinator's memory, at most | {found['coordinator_mib']:.0f} MiB |",
        f"| results, each kept once | {found['results']:,} |",
    ]
    if found["processor"]:
        hours = found["processor"] / learners * 1e5 / 3600
        lines.append(
            f"| 100,000 hand-ins of this mixture, on 64 cores | {hours / 64:.1f} hours ({hours:.0f} core hours) |"
        )
    return lines


def forecast(found: dict[str, Any]) -> list[str]:
    """What the real class of bench_forecast says."""
    lines = [
        f"A class of {found['size']} with one light exercise; {found['loops']} of them hand in an endless loop, which ends at a limit of "
        f"{found['limit']:g} s a call. {found['jobs']} processes, isolation {found['isolation']}, {found['processors']} processors, load "
        f"{found['load']} at the end. The whole class took {found['seconds']:.0f} s.",
        "",
        "| graded | forecast | needed | forecast / needed |",
        "|---|---|---|---|",
    ]
    return lines + [
        f"| {part} | {row['forecast']:.0f} s | {row['needed']:.0f} s | {row['ratio']:.2f} |"
        for part, row in found["rows"].items()
    ]


#: What is measured, by the name of its file, as the page's heads have it; other files have their names as heads.
HEADS = {
    "cohort": "Classes of several sizes",
    "cohort-parallel": "One and two, two light exercises",
    "cohort-lab3-workers": "One and two, the whole of lab 3",
    "peers-lab1": "Beside others: the whole of lab 1",
    "peers-lab3": "Beside others: the whole of lab 3",
    "peers-two-light-exercises": "Beside others: two light exercises",
    "class": "A large class, killed and resumed",
    "class-dask": "A large class, killed and resumed, over Dask",
}


def sections(text: str) -> dict[str, list[str]]:
    """The measured part's sections by their heads, as the page has them."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        found[head] = body.strip("\n").split("\n")
    return found


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    kept = re.search(r"<!-- measured:begin -->(.*)<!-- measured:end -->", text, flags=re.DOTALL)
    new: dict[str, list[str]] = {}
    for path in sorted(OUT.glob("cohort*.json")):
        new[HEADS.get(path.stem, path.stem)] = cohort(json.loads(path.read_text()))
    for path in sorted(OUT.glob("peers-*.json")):
        new[HEADS.get(path.stem, path.stem)] = peers(json.loads(path.read_text()))
    for path in sorted(OUT.glob("class*.json")):
        new[HEADS.get(path.stem, path.stem)] = whole_class(json.loads(path.read_text()))
    if (OUT / "overhead.json").exists():
        new["Whole labs"] = labs(json.loads((OUT / "overhead.json").read_text()))
    told = [*forecast(json.loads((OUT / "forecast.json").read_text())), ""] if (OUT / "forecast.json").exists() else []
    if not new and not told:
        sys.exit("nothing measured yet: run bench_cohort.py, bench_peers.py or bench_forecast.py --real first")
    every = sections(kept[1] if kept else "") | new  # what was not measured here stays as it is
    measured = [line for head, body in every.items() for line in (f"### {head}", "", *body, "")]
    for name, part in (("measured", measured), ("forecast", told)):
        if part:
            body = f"<!-- {name}:begin -->\n" + "\n".join(part) + f"<!-- {name}:end -->"
            marks = rf"<!-- {name}:begin -->.*<!-- {name}:end -->"
            text = re.sub(marks, lambda _, body=body: body, text, flags=re.DOTALL)  # type: ignore[misc]
    PAGE.write_text(text, encoding="utf-8")
    print(f"written: {', '.join([*new, *(['forecast'] if told else [])])}; the rest stays as it was")


if __name__ == "__main__":
    main()
