"""A card: measured rows with what is required of them, as Markdown and in the terminal."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One measurement. Without a requirement it is there to be known, and is always met."""

    name: str
    value: str
    requirement: str = ""
    met: bool = True


@dataclass(frozen=True)
class Section:
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Card:
    """The measured card of a model directory and, when given, of an SAE directory."""

    sections: tuple[Section, ...]
    notes: dict[str, str] = field(default_factory=dict)
    title: str = "The course model"

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows of all sections."""
        return tuple(row for section in self.sections for row in section.rows)

    @property
    def missed(self) -> tuple[Row, ...]:
        """The required rows that are not met."""
        return tuple(row for row in self.rows if not row.met)

    def markdown(self) -> str:
        """The card as markdown."""
        parts = [f"# {self.title}"]
        for section in self.sections:
            parts.append(f"## {section.title}")
            lines = ["| measured | value | required | met |", "|---|---|---|---|"]
            for row in section.rows:
                met = ("yes" if row.met else "**no**") if row.requirement else ""
                lines.append(f"| {row.name} | {row.value} | {row.requirement} | {met} |")
            parts.append("\n".join(lines))
        for title, text in self.notes.items():
            parts.append(f"## {title}\n\n{text}")
        return "\n\n".join(parts) + "\n"

    def summary(self) -> str:
        """The rows that have a requirement, as one markdown table."""
        lines = ["| measured on held-out data | value | required |", "|---|---|---|"]
        lines += [f"| {row.name} | {row.value} | {row.requirement} |" for row in self.rows if row.requirement]
        return "\n".join(lines)

    def print(self, console: Console | None = None) -> None:
        """The card as tables in the terminal."""
        console = console or Console()
        for section in self.sections:
            table = Table(title=section.title, title_justify="left", title_style="bold")
            for column in ("measured", "value", "required", "met"):
                table.add_column(column)
            for row in section.rows:
                met = ("[green]yes" if row.met else "[red]no") if row.requirement else ""
                table.add_row(row.name, row.value, row.requirement, met)
            console.print(table)
