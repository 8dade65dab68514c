"""How readable the course's texts are: Flesch reading ease, school grade, and the length of sentences, text by text.

Reading ease near 60 is plain English, near 50 is fairly difficult. Grade is Flesch and Kincaid's: years of school in
English. Both know nothing but the lengths of words and sentences. The last column counts, per thousand words, the stiff forms that
the style guide names: inversions, "one" and "the other" for a thing that has a name, "whoever", "besides", "is to be".
All are a hint where to read again, and no verdict.

python scripts/readability.py [--at COMMIT] [--each]
"""

from __future__ import annotations

import argparse
import re
import subprocess
from pathlib import Path

import textstat

ROOT = Path(__file__).parents[1]
GROUPS = {
    "README": r"README\.md",
    "lab pages": r"docs/labs/lab\d\.md",
    "quickstart": r"solutions/quickstart\.py",
    **{f"lab {n}": rf"solutions/lab{n}/\w+\.py" for n in range(1, 6)},
}
STIFF = re.compile(
    r"\bNor\b|\bfor else\b|\bneither\b(?=[.,;])|\b[Bb]esides\b|\bwants? to be\b|\b[Ww]hoever\b|\b(?:is|are|was|were|not) to be\b"
    r"|\bof which\b|\b[Ww]ere (?:it|that|there)\b|\b[Hh]ad one\b|\b[Oo]ne (?:has|must|can|may|sees|looks|finds|checks|needs|would)\b"
    r"|\b[Tt]he (?:one|other)\b(?=[.,;:)]| (?:of|and|is|in|that|which|has|way|to|by|with|from|turned)\b)|\b[Mm]ind\b|\bwould have to\b"
    r"|\bnobody\b|\bsomebody\b|\bthe latter\b|\bthe former\b|\bthe very\b|\bas it stands\b|\bmatter of\b|\bhalves? of which\b"
)


def prose(text: str, python: bool) -> str:
    """What a learner reads as sentences: no code, formula, table, link or heading."""
    if python:
        cells = re.split(r"^# %%(.*)$", text, flags=re.MULTILINE)
        texts = (body for head, body in zip(cells[1::2], cells[2::2], strict=True) if "[markdown]" in head)
        text = "\n\n".join(re.sub(r"^# ?", "", body, flags=re.MULTILINE) for body in texts)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\$[^$]*\$|`[^`]*`", "X", text)
    blocks = []
    for block in re.split(r"\n\s*\n", re.sub(r"^\s*(?:[-*]|\d+\.) ", "\n", text, flags=re.MULTILINE)):
        line = " ".join(block.split()).replace("*", "")
        if len(line.split()) >= 5 and not line.startswith(("#", "|", "!")):
            blocks.append(line if line[-1] in ".?!" else line + ".")
    return "\n".join(blocks)


def texts(at: str | None) -> dict[str, str]:
    """Every text by its path: of the working tree, or of a commit."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", at] if at else ["git", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    found = {}
    for path in listed:
        if any(re.fullmatch(pattern, path) for pattern in GROUPS.values()):
            if at:
                show = ["git", "show", f"{at}:{path}"]
                text = subprocess.run(show, cwd=ROOT, capture_output=True, text=True, check=True).stdout
            else:
                text = (ROOT / path).read_text(encoding="utf-8")
            found[path] = prose(text, path.endswith(".py"))
    return found


def measure(name: str, text: str) -> str:
    """One line of the table."""
    lengths = [len(sentence.split()) for sentence in re.split(r"(?<=[.?!])\s+", text) if sentence]
    long = sum(length > 25 for length in lengths) / len(lengths)
    ease, grade = textstat.flesch_reading_ease(text), textstat.flesch_kincaid_grade(text)
    return (
        f"| {name} | {len(text.split())} | {sum(lengths) / len(lengths):.1f} | {long:.0%} | {ease:.1f} | {grade:.1f} "
        f"| {1000 * len(STIFF.findall(text)) / len(text.split()):.1f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", metavar="COMMIT", help="the texts of this commit, and not those of the working tree")
    parser.add_argument("--each", action="store_true", help="a row for every text too")
    options = parser.parse_args()
    found = texts(options.at)
    print("| texts | words | words a sentence | sentences over 25 words | reading ease | grade | stiff forms |")
    print("|---|---|---|---|---|---|---|")
    for group, pattern in GROUPS.items():
        of_group = {path: text for path, text in found.items() if re.fullmatch(pattern, path)}
        if of_group:
            print(measure(group, "\n".join(of_group.values())))
        if options.each:
            print(*(measure(path, text) for path, text in of_group.items()), sep="\n")
    print(measure("all", "\n".join(found.values())))


if __name__ == "__main__":
    main()
