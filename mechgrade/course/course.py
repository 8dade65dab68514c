"""course.yaml as typed, validated objects: labs, exercises, points, models and limits.

The one file that drives everything, so a mistake in it names the line, what was found and what is allowed, and all
mistakes come at once. It imports neither torch nor pytest: every command starts here.
"""

import keyword
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema

from mechgrade.course.yamlfile import Document, Mistake, did_you_mean, explain, read, show
from mechgrade.errors import CourseError
from mechgrade.protocol.job import HUB
from mechgrade.protocol.limits import STRICT, Limits

COURSE_FILE = "course.yaml"

#: In each lab's folder in exercises/, where the lab has questions that a person grades.
ANSWERS_FILE = "answers.md"

#: Bytes of all data of a course.
MAX_DATA = 100 * 2**20


def _identifier(name: str) -> str:
    # ASCII only: names become file names, and file systems disagree about the normal form of anything else.
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise ValueError("a Python identifier, because it names a module and a function (letters, digits and _)")
    return name


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise ValueError("a path inside the course's directory, with / between its parts")
    return path


def _source(text: str) -> str:
    if text.startswith(HUB) and text != HUB:
        return text
    try:
        return _inside(text)
    except ValueError as error:
        raise ValueError(f"{error}, or {HUB}NAME") from None


def _module(path: str) -> str:
    name = PurePosixPath(_inside(path)).name.removesuffix(".py")
    if not (name.isascii() and name.isidentifier()) or name in sys.stdlib_module_names or name == "mechgrade":
        raise ValueError(
            "a package's folder or a .py file in the course, with a name that can be imported and is not taken"
        )
    return path


def _all_different(paths: list[str]) -> list[str]:
    if len({PurePosixPath(path).stem for path in paths}) < len(paths):
        raise ValueError("names that are all different: a module is imported by its last name")
    return paths


def _tuple(value: Any) -> Any:
    """A list as a tuple, so that what holds it can be a key; a single name stands for a list of one."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


Name = Annotated[str, AfterValidator(_identifier)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_tuple)]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return text


InnerPath = Annotated[str, AfterValidator(_inside)]
ModulePath = Annotated[str, AfterValidator(_module)]
Source = Annotated[str, AfterValidator(_source)]
#: Not only built-in ones: an instructor's own is named by its dotted path.
BenchName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$|^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
CommandName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Dotted = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
Text = Annotated[str, Field(min_length=1)]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]


class _Part(BaseModel):
    """A part of course.yaml. Strict: `points: "5"` is more often a mistake than a number."""

    model_config = STRICT


class Exercise(_Part):
    """One exercise: a stub to fill in, with points. `name` and `lab` are its keys in course.yaml."""

    name: SkipJsonSchema[str]
    lab: SkipJsonSchema[str]
    title: Text = Field(description="what learners read")
    points: int = Field(ge=1, le=1000, description="what it is worth: the points of its checks add up to this")
    minutes: int = Field(ge=1, le=600, description="how long it takes a learner, about")
    needs: Names = Field(
        default=(),
        description="what it needs of a model, by names: trained (its scenarios look for what training makes), or what the bench knows of; on other models it is left out, by name",
    )

    def __str__(self) -> str:
        return f"{self.lab}/{self.name}"


class Question(_Part):
    """A question that a person grades: learners write prose. `name` and `lab` are its keys in course.yaml.

    The rubric is not here: course.yaml goes to learners.
    """

    name: SkipJsonSchema[str]
    lab: SkipJsonSchema[str]
    title: Text = Field(description="what learners read above it")
    points: int = Field(ge=1, le=1000, description="what it is worth; a person gives them")
    text: Text = Field(
        description="the question, in Markdown. Its rubric for the grader stands in solutions/LAB/rubrics.yaml"
    )

    def __str__(self) -> str:
        return f"{self.lab}/{self.name}"


class Lab(_Part):
    """One lab: exercises in the order in which they are done. `name` is its key in course.yaml."""

    name: SkipJsonSchema[str]
    title: Text = Field(description="what learners read")
    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="the name of its notebook, such as 01-arrays")
    minutes: int = Field(ge=1, le=6000, description="how long it takes a learner, about")
    gpu_memory_gb: float | None = Field(default=None, ge=0, le=1000, description="what its own models need on a GPU")
    bench: BenchName | None = Field(default=None, description="in place of the course's bench")
    uses: list[Name] = Field(default=[], description="parts of the model that its scenarios use; others are not loaded")
    exercises: dict[Name, Exercise] = Field(
        min_length=1, description="its exercises by name, in the order in which they are done"
    )
    questions: dict[Name, Question] = Field(
        default={}, description="questions by name that a person grades: learners answer in exercises/LAB/answers.md"
    )
    merged: dict[Name, Name] = Field(
        default={},
        description="exercises that there were, by name, each with the exercise of this lab that it is part of now: learners who have the older file are told",
    )

    @property
    def points(self) -> int:
        """The points of all its exercises. Those of questions are counted apart, because a person gives them."""
        return sum(exercise.points for exercise in self.exercises.values())


class ModelProfile(_Part):
    """A model to grade with: a directory of the course (`path`), or a name on the Hub (`hub`)."""

    name: SkipJsonSchema[str]
    path: InnerPath | None = Field(default=None, description="a directory of the course")
    hub: Text | None = Field(default=None, description="a name on the Hub, which `mechgrade models pull` downloads")
    parts: dict[Name, Source] = Field(
        default={}, description="what labs may use besides, by name: each a directory of the course, or hub:NAME"
    )
    limits: Limits | None = Field(default=None, description="in place of the course's limits: a larger model is slower")
    trained: bool = Field(default=True, description="false for a model of random weights, to test graders with")

    @model_validator(mode="after")
    def _one_source(self) -> "ModelProfile":
        if (self.path is None) == (self.hub is None):
            raise ValueError("exactly one of path (a directory of the course) and hub (a name on the Hub)")
        return self

    @property
    def source(self) -> str:
        """Where it lies: a directory of the course, or ``hub:NAME``; empty for no model."""
        return self.path or (f"{HUB}{self.hub}" if self.hub else "")


#: The profile of a course without models.
NO_MODEL = ModelProfile.model_construct(name="none")


class Course(_Part):
    """A whole course.yaml, and where each exercise's files lie under its directory, `root`."""

    root: SkipJsonSchema[Path]
    schema_version: Literal[1] = Field(alias="schema", description="the version of this format")
    title: Text = Field(description="what learners read, and the name of their archive")
    bench: BenchName = Field(
        default="none",
        description="what scenarios work with: none (NumPy or plain Python), torch, transformer_lens, or module:Class",
    )
    default_model: Text = Field(default=NO_MODEL.name, description="the first of models where it is left out")
    isolation: Literal["full", "process"] = Field(
        description="the weakest level at which learners' code is graded: full keeps it from reading the disk, process in a process of its own"
    )
    pages: list[Name] = Field(default=[], description="solutions/NAME.py that learners get as they are")
    modules: Annotated[list[ModulePath], AfterValidator(_all_different)] = Field(
        default=[],
        description="the course's own code, which graders, scenarios and learners may import: packages' folders or .py files",
    )
    data: list[InnerPath] = Field(
        default=[], description="files and folders that scenarios and learners' code may read"
    )
    commands: dict[CommandName, Dotted] = Field(
        default={}, description="further commands of `mechgrade` in this course: name to the module that is run"
    )
    workspace: list[InnerPath] = Field(default=[], description="folders that `mechgrade setup-lab` makes")
    preload: list[Dotted] = Field(default=[], description="libraries that the worker imports once, before it forks")
    confusions: dict[Text, Text] = Field(
        default={}, description="names in texts that learners take for one another: audits try each as a mutant"
    )
    advice: dict[Pattern, Text] = Field(
        default={},
        description="what to tell a learner about an error: a regular expression that is found in the error or the line, and a sentence",
    )
    remedies: dict[Name, Text] = Field(
        default={},
        description="what to tell where a model lacks a part that exercises need: the need's name, and a sentence; {model} in it is the model's name",
    )
    doctor: dict[str, str] = Field(default={}, description="what `mechgrade doctor` asks the model, and what must come")
    labs: dict[Name, Lab] = Field(min_length=1, description="the labs by name, in the order in which they are done")
    models: dict[str, ModelProfile] = Field(
        default={}, description="what benches load, by name; none for a bench without a model"
    )
    limits: Limits = Field(default=Limits(), description="what a learner's process may use, for each exercise")

    @model_validator(mode="before")
    @classmethod
    def _first_model(cls, data: Any) -> Any:
        if isinstance(data, dict) and "default_model" not in data and _mapping(data.get("models")):
            return {**data, "default_model": next(iter(data["models"]))}
        return data

    def lab(self, name: str) -> Lab:
        """The lab of that name."""
        if name not in self.labs:
            raise CourseError(f"there is no lab {name!r}{_near(name, self.labs)}")
        return self.labs[name]

    def exercise(self, name: str, lab: str | None = None) -> Exercise:
        """The exercise of that name, in that lab or in the only lab that has it."""
        labs = [self.lab(lab)] if lab is not None else list(self.labs.values())
        found = [each.exercises[name] for each in labs if name in each.exercises]
        if len(found) > 1:
            raise CourseError(f"exercise {name!r} is in {' and '.join(each.lab for each in found)}: name the lab too")
        if not found:
            for now in (each.exercises[each.merged[name]] for each in labs if name in each.merged):
                path = self.stub_path(now).relative_to(self.root)
                raise CourseError(f"{name} is part of {now.name} now: copy your code into {path}, and name {now.name}")
            where = f"in {lab}" if lab is not None else "in any lab"
            raise CourseError(
                f"there is no exercise {name!r} {where}{_near(name, [n for each in labs for n in each.exercises])}"
            )
        return found[0]

    def exercises(self, lab: str | None = None, exercise: str | None = None) -> list[Exercise]:
        """The exercises of the course, of one lab, or the one of that name, in the order of course.yaml."""
        if exercise is not None:
            return [self.exercise(exercise, lab)]
        labs = [self.lab(lab)] if lab is not None else list(self.labs.values())
        return [each for one in labs for each in one.exercises.values()]

    def questions(self, lab: str | None = None) -> list[Question]:
        """The questions of the course, or of one lab, that a person grades, in the order of course.yaml."""
        labs = [self.lab(lab)] if lab is not None else list(self.labs.values())
        return [each for one in labs for each in one.questions.values()]

    def model(self, name: str | None = None) -> ModelProfile:
        """The model profile of that name, or the course's default; ``hub:NAME`` is any other model on the Hub."""
        name = name or self.default_model
        if name in self.models:
            return self.models[name]
        if not self.models:
            if name == NO_MODEL.name:
                return NO_MODEL
            raise CourseError(f"there is no model {name!r}: this course has none")
        if name.startswith(HUB) and name != HUB:
            # Of the course's own Hub models the largest limits: nothing else is known about its size.
            limits = max(
                (p.limits for p in self.models.values() if p.limits), key=lambda each: each.seconds, default=None
            )
            return ModelProfile(name=name, hub=name.removeprefix(HUB), limits=limits)
        raise CourseError(
            f"there is no model {name!r} in {COURSE_FILE}{_near(name, self.models)}; hub:NAME takes any other on the Hub"
        )

    def limits_of(self, model: str | None = None) -> Limits:
        """What a learner's process may use on a model."""
        return self.model(model).limits or self.limits

    def place_of(self, source: str) -> str:
        """Where a model or a part lies: a directory's full path, or ``hub:NAME``; empty for no model."""
        return str(self.root / source) if source and not source.startswith(HUB) else source

    def module_paths(self) -> list[Path]:
        """The course's own modules: packages' folders and files.

        Raises:
            CourseError: one is not there.
        """
        paths = [self.root / module for module in self.modules]
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise CourseError(f"{', '.join(missing)} is missing: {COURSE_FILE} lists it under modules")
        return paths

    def data_paths(self) -> list[Path]:
        """The files and folders that scenarios and learners' code may read.

        Raises:
            CourseError: one is not there, or they are too large.
        """
        paths = [self.root / name for name in self.data]
        for path in paths:
            if not path.exists():
                raise CourseError(f"{path} is missing: {COURSE_FILE} lists it under data")
        files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        if size > MAX_DATA:
            raise CourseError(
                f"the data of {COURSE_FILE} take {size / 2**20:.0f} MiB; allowed: {MAX_DATA // 2**20} MiB, because every learner gets a copy"
            )
        return paths

    def stub_path(self, exercise: Exercise) -> Path:
        """What the learner edits."""
        return self.root / "exercises" / exercise.lab / f"{exercise.name}.py"

    def solution_path(self, exercise: Exercise) -> Path:
        """The exercise's one source, with the reference in it."""
        return self.root / "solutions" / exercise.lab / f"{exercise.name}.py"

    def answers_path(self, lab: Lab | str) -> Path:
        """The file in which learners answer a lab's questions."""
        return self.root / "exercises" / (lab if isinstance(lab, str) else lab.name) / ANSWERS_FILE

    def rubrics_path(self, lab: Lab | str) -> Path:
        """What the grader of a lab's questions looks for. Learners do not get it."""
        return self.root / "solutions" / (lab if isinstance(lab, str) else lab.name) / "rubrics.yaml"

    def page_paths(self) -> list[tuple[Path, Path]]:
        """Pages for learners that are no exercise, such as the quickstart: where each is written, and where it goes."""
        return [(self.root / "solutions" / f"{name}.py", self.root / "exercises" / f"{name}.py") for name in self.pages]

    def variants_path(self, exercise: Exercise) -> Path:
        """Its accepted variants and misconceptions."""
        return self.root / "solutions" / exercise.lab / "variants" / f"{exercise.name}.py"

    def promises_path(self, exercise: Exercise) -> Path:
        """What its text promises, and the misconceptions that break each promise."""
        return self.root / "solutions" / exercise.lab / "variants" / f"{exercise.name}.yaml"

    def equivalents_path(self, lab: Lab | str) -> Path:
        """The mutants of a lab's references that compute the same as the reference, each with the reason."""
        return self.root / "solutions" / (lab if isinstance(lab, str) else lab.name) / "variants" / "equivalent.yaml"

    def grader_path(self, exercise: Exercise) -> Path:
        """Its scenarios and checks."""
        return self.root / "graders" / exercise.lab / f"test_{exercise.name}.py"

    def hints_path(self, lab: Lab | str) -> Path:
        """The hints of a lab's exercises, generated from their sources."""
        return self.root / "graders" / (lab if isinstance(lab, str) else lab.name) / "hints.yaml"


def find_course(start: Path | None = None) -> Path:
    """The directory of the course that `start` (the current directory by default) lies in."""
    start = (start or Path.cwd()).absolute()
    for directory in (start, *start.parents):
        if (directory / COURSE_FILE).is_file():
            return directory
    raise CourseError(f"no {COURSE_FILE} in {start} or above it; change into the course's directory first")


def load_course(root: Path) -> Course:
    """Read and validate `root`/course.yaml. Raises CourseError with every mistake in it."""
    path = root.absolute() / COURSE_FILE
    name = str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(f"{name}: there is no such file; it lists the labs, exercises, models and limits") from None
    except UnicodeDecodeError as error:
        raise CourseError(
            f"{name}: found a byte that is not UTF-8 (at offset {error.start}); save the file as UTF-8"
        ) from None
    except OSError as error:
        raise CourseError(f"{name}: cannot be read: {os.strerror(error.errno or 0)}") from None
    document = read(text)
    course = _validate(document, path.parent)
    if course is None:
        raise CourseError(*(f"{name}:{mistake}" for mistake in sorted(set(document.mistakes))))
    return course


def _validate(document: Document, root: Path) -> Course | None:
    """The course, or None with the reasons in `document.mistakes`."""
    if document.data is None:
        document.mistakes = document.mistakes or [Mistake(1, "", "found nothing; allowed: a mapping of keys to values")]
        return None
    if not isinstance(document.data, dict):
        document.blame(
            (), f"found {show(document.data)}; allowed: a mapping with the keys {', '.join(_written(Course))}"
        )
        return None
    _check_across(document)
    _hand_down_names(document)
    document.data["root"] = root
    try:
        course = Course.model_validate(document.data)
    except ValidationError as error:
        explain(error, document, Course.model_json_schema())
        return None
    return None if document.mistakes else course


def _written(model: type[BaseModel]) -> list[str]:
    """The keys that an author may write."""
    return list(model.model_json_schema()["properties"])


def _hand_down_names(document: Document) -> None:
    """Give labs, exercises and models the names that are their keys. Written by hand as well, they would be two truths."""
    data = document.data
    if "root" in data:
        document.blame(("root",), f"unknown key; allowed: {', '.join(_written(Course))}")

    def give(place: tuple[str, ...], part: Any, model: type[BaseModel], **names: str) -> None:
        if isinstance(part, dict):
            for key, value in names.items():
                if key in part:
                    document.blame((*place, key), f"unknown key; allowed: {', '.join(_written(model))}")
                part[key] = value

    for lab, contents in _mapping(data.get("labs")).items():
        for name, exercise in _mapping(_mapping(contents).get("exercises")).items():
            give(("labs", lab, "exercises", name), exercise, Exercise, name=name, lab=lab)
        for name, question in _mapping(_mapping(contents).get("questions")).items():
            give(("labs", lab, "questions", name), question, Question, name=name, lab=lab)
        give(("labs", lab), contents, Lab, name=lab)
    for name, profile in _mapping(data.get("models")).items():
        give(("models", name), profile, ModelProfile, name=name)


def _check_across(document: Document) -> None:
    """What no single value shows. On the raw data, because pydantic asks such questions only once everything else is right."""
    data = document.data
    models, wanted = _mapping(data.get("models")), data.get("default_model")
    if models and isinstance(wanted, str) and wanted not in models:
        document.blame(
            ("default_model",), f"found {wanted!r}{did_you_mean(wanted, models)}; allowed: {' or '.join(models)}"
        )
    elif not models and isinstance(wanted, str):
        document.blame(("default_model",), f"found {wanted!r}; allowed: nothing, as there are no models")
    parts = {part for profile in models.values() for part in _mapping(_mapping(profile).get("parts"))}
    slugs: dict[str, str] = {}
    for lab, contents in _mapping(data.get("labs")).items():
        uses = _mapping(contents).get("uses")
        for place, part in enumerate(uses if isinstance(uses, list) else []):
            if isinstance(part, str) and part not in parts:
                known = " or ".join(sorted(parts)) or "nothing, as no model has parts"
                document.blame(
                    ("labs", lab, "uses", place), f"found {part!r}{did_you_mean(part, parts)}; allowed: {known}"
                )
        exercises = _mapping(_mapping(contents).get("exercises"))
        for old, now in _mapping(_mapping(contents).get("merged")).items():
            if old in exercises:
                document.blame(
                    ("labs", lab, "merged", old),
                    f"found {old!r}, which is an exercise of {lab}; allowed: an exercise that is no longer there",
                )
            if isinstance(now, str) and now not in exercises:
                known = f"an exercise of {lab}: {' or '.join(exercises)}"
                document.blame(
                    ("labs", lab, "merged", old), f"found {now!r}{did_you_mean(now, exercises)}; allowed: {known}"
                )
        slug = _mapping(contents).get("slug")
        if isinstance(slug, str) and slugs.setdefault(slug, lab) != lab:
            document.blame(
                ("labs", lab, "slug"), f"found {slug!r}, the slug of {slugs[slug]} too; allowed: a slug of its own"
            )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _near(name: str, names: Mapping[str, Any] | list[str]) -> str:
    return did_you_mean(name, names) or f"; there are {', '.join(dict.fromkeys(names))}"
