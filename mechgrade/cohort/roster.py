"""A class list: a CSV that a platform gives (Canvas' gradebook, Moodle's grading worksheet, Blackboard's grade centre), or one of your own.

Whose hand-in is whose is found in ``matching``.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mechgrade.course import CourseError

#: The columns by which a platform's own table is known, and the one that has the number, or the login, that it writes into the names of
#: hand-ins. All names of columns here are squeezed: ``E-Mail-Adresse`` is ``emailadresse``, ``Apellido(s)`` is ``apellidos``.
_PLATFORMS = {
    "canvas": ("id", {"student", "id"}),
    "moodle": ("identifier", {"identifier", "grade"}),
    "blackboard": ("username", {"username", "lastname", "firstname"}),
}

# fmt: off
#: Columns whose values are a person's own; a line a language: English, German, French, Spanish.
_IDS = frozenset([
    "id", "identifier", "sisuserid", "sisloginid", "username", "userid", "login", "loginname", "email", "emailaddress", "mail",
    "studentid", "studentnumber", "idnumber", "learner", "user",
    "anmeldename", "benutzername", "benutzerkennung", "nutzername", "kennung", "matrikelnummer", "emailadresse", "mailadresse",
    "identifiant", "nomdutilisateur", "courriel", "adressedecourriel", "adressecourriel", "adresseemail", "adressemail", "numerodetudiant",
    "usuario", "nombredeusuario", "correo", "correoelectronico", "direcciondecorreo", "numerodeid", "matricula",
])
#: Columns with the whole name.
_NAMES = frozenset([
    "student", "fullname", "name", "learner", "studentname", "displayname", "lastnamefirstname",
    "vollstandigername", "vornameundnachname", "namevorname", "nachnamevorname", "vornamenachname", "studierende", "teilnehmer",
    "nom", "nomcomplet", "nometprenom", "nomprenom", "etudiant",
    "nombrecompleto", "nombreyapellidos", "apellidosnombre", "alumno", "estudiante",
])
_FIRST = frozenset(["firstname", "givenname", "forename", "vorname", "prenom", "nombre", "nombres"])
_LAST = frozenset(["lastname", "surname", "familyname", "nachname", "familienname", "zuname", "nomdefamille", "apellido", "apellidos"])
# fmt: on
#: Columns that have the last name alone where another has the first.
_LAST_BESIDE_FIRST = frozenset(["name", "nom"])

#: How spreadsheets' own files begin: zips, old Excel files, and pages that only look like tables.
_ZIP, _OTHERS = b"PK", (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"<")
#: Their names, and what lies in those that are zips: Excel's, LibreOffice's, Numbers'.
_SPREADSHEETS = frozenset([".xlsx", ".xlsm", ".ods", ".numbers"])
_INSIDE = ("[Content_Types].xml", "mimetype", "Index/")


@dataclass(frozen=True)
class Person:
    """A row of the list: the text of each column, by the column's name."""

    row: dict[str, str]

    @property
    def ids(self) -> list[str]:
        """What is this person's alone."""
        found = [value for column, value in self._cells() if column in _IDS]
        # The first part of an address is often the login.
        return found + [value.partition("@")[0] for value in found if "@" in value]

    @property
    def names(self) -> list[str]:
        """The ways to write the name."""
        cells = dict(self._cells())
        first = next((value for column, value in cells.items() if column in _FIRST), "")
        last = next((value for column, value in cells.items() if column in _LAST), "")
        whole = {column: value for column, value in cells.items() if column in _NAMES}
        if first and not last:
            last = next((whole.pop(column) for column in list(whole) if column in _LAST_BESIDE_FIRST), "")
        return [*whole.values(), *filter(None, [f"{first} {last}".strip()])]

    @property
    def shown(self) -> str:
        """What to call this person in a list."""
        return next(iter([*self.names, *self.ids]), ", ".join(self.row.values()))

    def cell(self, column: str) -> str:
        """The text of a column, whose name is given squeezed; empty where there is none."""
        return next((value for name, value in self._cells() if name == column), "")

    def _cells(self) -> Iterator[tuple[str, str]]:
        return ((squeezed(name), value) for name, value in self.row.items() if value)


@dataclass(frozen=True)
class Roster:
    """A class list.

    Attributes:
        columns: their names, in order.
        people: a row each. Canvas' rows without a person are left out.
        platform: canvas, moodle or blackboard, by the columns; empty for a list of another making.
        most: in Canvas' table, the most points of each column that has them.
    """

    columns: list[str]
    people: list[Person]
    platform: str = ""
    most: dict[str, str] | None = None

    @property
    def logins(self) -> set[str]:
        """What is a person's alone: numbers, logins and addresses of all."""
        return {each for person in self.people for each in person.ids}

    def number(self, person: Person) -> str:
        """What the platform of this list writes into the names of a person's hand-ins; empty where that is not known.

        No other column has it, though its values may look the same: a student's number is no participant's.
        """
        if self.platform not in _PLATFORMS:
            return ""
        value = person.cell(_PLATFORMS[self.platform][0])
        if self.platform != "moodle":
            return value
        found = re.fullmatch(r"\D{4,}(\d+)", value)  # "Participant 12345", whatever the language
        return found[1] if found else ""


def read_roster(path: Path) -> Roster:
    """A list from a file.

    Raises:
        CourseError: it cannot be read, or holds nobody.
    """
    rows = read_rows(path)
    if rows and not any(map(is_about_people, rows[0])):
        if max(map(len, rows)) > 1:
            raise CourseError(
                f"{path} has no column of a name that is known here; its first line is {', '.join(rows[0])[:200]}. Give the columns "
                "names such as name, first name, last name, login, email, student id (English, German, French or Spanish); "
                "a bare list has one name a line, and no commas or semicolons"
            )
        rows.insert(0, ["name"])
    if len(rows) < 2:
        raise CourseError(f"{path} holds nobody; give a CSV with a line of column names and a line for each learner")
    columns = [cell.strip() for cell in rows[0]]
    people = [
        Person({name: cell.strip() for name, cell in zip(columns, [*row, *[""] * len(columns)], strict=False)})
        for row in rows[1:]
    ]
    platform = _platform({squeezed(name) for name in columns})
    most: dict[str, str] = {}
    if platform == "canvas":
        # Above the learners are rows for points and posting, below them one for a test student.
        most = next((each.row for each in people if squeezed(each.cell("student")) == "pointspossible"), {})
        people = [person for person in people if person.cell("id")]
    return Roster(columns, people, platform, most)


def read_rows(path: Path) -> list[list[str]]:
    """The lines of a CSV that a person or a platform has made, without empty lines.

    Raises:
        CourseError: it cannot be read.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from None
    is_zip = body.startswith(_ZIP) and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path))
    if is_zip and not _is_spreadsheet(path):
        raise CourseError(
            f"{path} is a zip, and no class list; give a CSV with a line of column names and a line for each learner"
        )
    if body.startswith(_OTHERS) or (body.startswith(_ZIP) and path.suffix.lower() in _SPREADSHEETS):
        raise CourseError(
            f"{path} is a spreadsheet program's own file, and no CSV; open it in that program and save it as CSV"
        )
    # Blackboard gives UTF-16, with tabs.
    coding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = body.decode(coding)
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # old spreadsheets on a Mac end lines with \r alone
    if "\0" in text:
        raise CourseError(f"{path} is no text, and no CSV; open it in a spreadsheet and save it as CSV")
    head, _, rest = text.partition("\n")
    delimiter = max(",;\t", key=re.sub(r'"[^"]*"', "", head).count)
    if told := re.fullmatch(r'"?sep=(.)"?\s*', head):  # a line for Excel, and no row
        text, delimiter = rest, told[1]
    try:
        return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise CourseError(f"{path} is no CSV ({error}); open it in a spreadsheet and save it as CSV") from None


def _is_spreadsheet(path: Path) -> bool:
    """Whether a zip is a spreadsheet program's own file, whatever it is called."""
    try:
        with zipfile.ZipFile(path) as opened:
            return any(name.startswith(_INSIDE) for name in opened.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def is_about_people(column: str) -> bool:
    """Whether a column of this name tells who somebody is."""
    return squeezed(column) in _IDS | _NAMES | _FIRST | _LAST


def squeezed(text: str) -> str:
    """A text without accents, signs, blanks, and upper case."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum() or _is_vowel_sign(letter))


def _is_vowel_sign(letter: str) -> bool:
    """Whether a sign is as much as a letter, as those of Indian scripts and Thai are; accents stand in another class."""
    return unicodedata.category(letter) in ("Mn", "Mc") and unicodedata.combining(letter) == 0


def _platform(columns: set[str]) -> str:
    return next((platform for platform, (_, needed) in _PLATFORMS.items() if columns >= needed), "")
