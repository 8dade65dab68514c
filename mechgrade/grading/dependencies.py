"""What a result depends on: the only place that knows.

Recordings, the audits' ledger, the keys of a cohort's results, the warm worker and the watch over a course that is being graded all ask
here. What can be derived is not listed: Python code brings what it imports, course.yaml says which bench, model and parts there are.

An answer is a dictionary of names for people and hashes (of libraries, the versions)::

    {"graders/week1/test_slope.py": "50139c8971e909a8", "engine: worker": "c9168f896fdf763e", "model": …, "torch": "2.13.0", …}
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mechgrade.bench.providers import module_of, provider_for
from mechgrade.course import COURSE_FILE, Course, Exercise, Lab
from mechgrade.course.variants import equivalents, programs
from mechgrade.grading import recordings
from mechgrade.grading.code import Code, code_of, hash_of
from mechgrade.grading.imports import PACKAGE, Imports
from mechgrade.grading.look import Look
from mechgrade.protocol.job import HUB

#: What decides numbers on every bench, by its version.
NUMBERS = ("python", "numpy", "safetensors")

#: What runs in a learner's process; what forks it; what it is shut in by, through which data passes as it is.
LEARNER, WORKER, SANDBOX = "mechgrade.worker.learner", "mechgrade.worker.__main__", "mechgrade.sandbox"

#: What judges, what pytest is told to load, and what sees how a process ended: each is handed over where grading begins.
JUDGING = ("mechgrade.grading.grade", "mechgrade.grading.plugin", "mechgrade.grading.worker")

#: Limits of time. What was recorded came in time, so another limit changes no data.
_TIME = {"seconds", "start_seconds", "cpu_seconds"}


class Dependencies:
    """What results depend on, on one of the course's models.

    Args:
        model: a profile of course.yaml; None for its default.
        look: how the files are. Each is looked at once in its life.

    Raises:
        CourseError: every method, where a file cannot be read.
    """

    def __init__(self, course: Course, model: str | None, look: Look) -> None:
        self._course = course
        self._profile = course.model(model)
        self._look = look
        self._imports = Imports(look, _shared(course))
        self._equivalents: dict[str, dict[str, dict[str, str]]] = {}
        self._benches: dict[str, str] = {}
        self._mentioned: dict[frozenset[str], dict[str, str]] = {}
        self._places: dict[str, str] = {}

    def recording(self, exercise: Exercise) -> dict[str, str]:
        """What decides the data that a recording holds.

        Raises:
            BuildError: the exercise's source or a variant is not right.
        """
        programs = self._programs(exercise)
        imports = [name for each in programs.values() for name in each.imports]
        found = {name: each.hash for name, each in programs.items()} | self._data(exercise, imports)
        return found | self._settings(exercise, verdict=False) | self._versions(exercise)

    def verdict(self, exercise: Exercise, hidden: bool = False) -> dict[str, str]:
        """What decides the verdict on a learner's text.

        Args:
            hidden: whether there are inputs that nobody recorded.
        """
        found = self._recorded(exercise)
        if hidden or not found:
            # What was not recorded is run live, and only the exercise's own programs can be run.
            found |= self._code([self._course.solution_path(exercise), self._course.variants_path(exercise)])
        found |= self._data(exercise) | self._judging
        return (
            found | self._settings(exercise, verdict=True) | self._versions(exercise) | {"pytest": _version("pytest")}
        )

    def text(self, text: str) -> dict[str, str]:
        """What the result of a learner's text depends on through what the text imports of the course's modules."""
        names = frozenset(self._imports.mentioned(text))
        if names not in self._mentioned:
            found = self._code(self._imports.files(sorted(names), self._course.root / COURSE_FILE))
            self._mentioned[names] = found
        return self._mentioned[names]

    def audit(self, exercise: Exercise) -> dict[str, str]:
        """What decides the findings of an audit. Versions are left out: audits are not made anew on each machine.

        Raises:
            BuildError: the exercise's source or a variant is not right.
        """
        if exercise.lab not in self._equivalents:
            self._equivalents[exercise.lab] = equivalents(self._course, exercise.lab)
        excused = self._equivalents[exercise.lab].get(exercise.name, {})
        found = (
            self.recording(exercise)
            | self.verdict(exercise)
            | {"equivalent mutants": _of(excused), "confusions": _of(self._course.confusions)}
        )
        without = versions(self._course)
        return {name: value for name, value in found.items() if name not in without}

    # --- the parts -------------------------------------------------------------------------------------------------------

    def _data(self, exercise: Exercise, imports: Iterable[str] = ()) -> dict[str, str]:
        """What decides the data of scenarios: their code and what programs import, the learner's side, the model."""
        course, look = self._course, self._look
        grader = course.grader_path(exercise)
        # Helpers beside the grader count without being imported: there are ways to import that nobody can follow.
        beside = [path for path in look.below(grader.parent, ".py") if not path.name.startswith("test_")]
        given = [each for name in course.data for each in look.below(course.root / name) or [course.root / name]]
        # Pytest takes the one in the folder above by itself.
        found = self._code([grader, *beside, grader.parents[1] / "conftest.py", *self._imports.files(imports, grader)])
        found |= {self._name(path): look.data(path) for path in given}
        return found | self._worker | self._bench(course.lab(exercise.lab)) | self._model(course.lab(exercise.lab))

    def _code(self, starts: Iterable[Path]) -> dict[str, str]:
        """Some files and what they import, but for the learner's side of the engine; and what data lies beside the course's modules."""
        starts = filter(self._look.exists, starts)
        files = self._imports.closure(starts, without=[_version_file(), *self._learner])
        found = {self._name(path): self._look.code(path).hash for path in files}
        return found | {self._name(path): self._look.data(path) for path in self._imports.data_beside(files)}

    def _name(self, path: Path) -> str:
        # The engine first: it may be installed in a folder of the course.
        above = PACKAGE.parent if path.is_relative_to(PACKAGE) else self._course.root
        return path.relative_to(above).as_posix()

    def _bench(self, lab: Lab) -> dict[str, str]:
        """What makes the bench, and what that imports."""
        module = module_of(lab.bench or self._course.bench)
        if module not in self._benches:
            self._benches[module] = _of(self._code(self._imports.files([module], self._course.root / COURSE_FILE)))
        return {"bench": self._benches[module]}

    def _model(self, lab: Lab) -> dict[str, str]:
        """The model, and those of its parts that the lab uses."""
        places = {"model": self._profile.source, **{part: self._profile.parts.get(part, "") for part in lab.uses}}
        return {name: self._place(place) for name, place in places.items() if place}

    def _place(self, place: str) -> str:
        if place not in self._places:
            hub = place.startswith(HUB)
            self._places[place] = self._on_hub(place) if hub else _folder_hash(self._look, self._course.root / place)
        return self._places[place]

    @cached_property
    def _learner(self) -> set[Path]:
        # The sandbox changes no number that is recorded, and nobody records a run that is traced.
        tracer = PACKAGE / "worker" / "tracer.py"
        return _engine(self._imports, [LEARNER], without=[*self._look.below(PACKAGE / "sandbox", ".py"), tracer])

    @cached_property
    def _worker(self) -> dict[str, str]:
        return {"engine: worker": _code_hash(self._look, self._learner)}

    @cached_property
    def _judging(self) -> dict[str, str]:
        sandbox = _engine(self._imports, [SANDBOX]) - self._learner
        rest = _engine(self._imports, [*JUDGING, WORKER]) - self._learner - sandbox
        return {"engine: sandbox": _code_hash(self._look, sandbox), "engine: grading": _code_hash(self._look, rest)}

    def _recorded(self, exercise: Exercise) -> dict[str, str]:
        path = recordings.path_of(self._course.root, self._profile.name, exercise.lab, exercise.name)
        both = [each for each in (path, path.with_suffix(".safetensors")) if self._look.exists(each)]
        return {"recording": _of([self._look.data(each) for each in both])} if both else {}

    def _programs(self, exercise: Exercise) -> dict[str, Code]:
        """The reference and the variants as they are run: without what is only text for readers."""
        course, look = self._course, self._look
        paths = [course.solution_path(exercise), course.variants_path(exercise)]
        of = [look.data(path) if look.exists(path) else "" for path in paths]
        of.append(self._composing)

        def make() -> list[Code]:
            found = [(each, code_of(each.source.encode())) for each in programs(course, exercise)]
            variants = [each for each in found if each[0].kind in ("accepted", "misconception")]
            whole = _of([[each.kind, each.name, each.sentence, code.hash] for each, code in variants])
            return [found[0][1], Code(whole, tuple(sorted({name for _, code in variants for name in code.imports})))]

        reference, variants = look.made(f"programs {paths[0]}", _of(of), make)
        return {"reference": reference, "variants": variants}

    @cached_property
    def _composing(self) -> str:
        return _code_hash(self._look, _engine(self._imports, ["mechgrade.course.variants"]))

    def _settings(self, exercise: Exercise, verdict: bool) -> dict[str, str]:
        """The part of course.yaml."""
        course, profile = self._course, self._profile
        limits = course.limits_of(profile.name).model_dump(exclude=set() if verdict else _TIME)
        part: dict[str, Any] = {"limits": limits, "uses": course.lab(exercise.lab).uses}
        part["model"] = profile.model_dump(mode="json", exclude={"name", "limits"}, exclude_defaults=True)
        if verdict:
            part |= {"points": exercise.points, "needs": exercise.needs, "advice": course.advice}
        return {COURSE_FILE: _of(part)}

    def _on_hub(self, place: str) -> str:
        from mechgrade.hub.files import needs, revision  # with it comes a library that takes a while

        places = [each for each in (self._profile.source, *self._profile.parts.values()) if each.startswith(HUB)]
        need = dict(zip(places, needs(self._profile), strict=True))[place]
        return _of([need.repository, need.folder, revision(need)])

    def _versions(self, exercise: Exercise) -> dict[str, str]:
        packages = provider_for(self._course, self._course.lab(exercise.lab)).packages
        return {name: _version(name) for name in (*NUMBERS, *packages)}


def versions(course: Course) -> set[str]:
    """All names of versions. What ran the checks decides verdicts as well."""
    benches = [provider_for(course, lab) for lab in course.labs.values()]
    return {*NUMBERS, "pytest", *(name for each in benches for name in each.packages)}


def held_by_worker(course: Course, look: Look) -> dict[str, str]:
    """What a warm worker holds in memory: its side of the engine, the benches, and the models that it may have loaded.

    Graders and what they import are read after the fork, each time.
    """
    imports = Imports(look, _shared(course))
    found = {"engine: worker": _code_hash(look, _engine(imports, [WORKER]))}
    for bench in {course.bench, *(lab.bench for lab in course.labs.values() if lab.bench)}:
        starts = imports.files([module_of(bench)], course.root / COURSE_FILE)
        files = imports.closure(starts, without=[_version_file()])
        found[f"bench {bench}"] = _of([[str(path), look.code(path).hash] for path in sorted(files)])
    for profile in course.models.values():
        for place in filter(None, (profile.source, *profile.parts.values())):
            if not place.startswith(HUB):
                found[place] = _folder_hash(look, course.root / place)
    return found


def held_by_command(course: Course) -> Look:
    """A look at what a command that stays holds in memory: the whole engine, and course.yaml."""
    look = Look(course.root)
    for path in (*look.below(PACKAGE, ".py"), course.root / COURSE_FILE):
        look.exists(path)
    return look


def _shared(course: Course) -> dict[str, Path]:
    """The course's own modules, by the names under which they are imported."""
    return {path.stem: path.parent for path in (course.root / module for module in course.modules)}


def _engine(imports: Imports, names: Iterable[str], without: Iterable[Path] = ()) -> set[Path]:
    """Some of the engine's modules with all that they import."""
    starts = [path for name in names for path in imports.module(name)]
    return imports.closure(starts, without=[_version_file(), *without])


def _version_file() -> Path:
    """The package's own file, which holds the engine's version and nothing else: a new number is no new engine."""
    return PACKAGE / "__init__.py"


def _code_hash(look: Look, paths: Iterable[Path]) -> str:
    return _of([[path.relative_to(PACKAGE).as_posix(), look.code(path).hash] for path in sorted(paths)])


def _folder_hash(look: Look, folder: Path) -> str:
    """The files of a model or a part, without what is there for people."""
    paths = [path for path in look.below(folder) if path.suffix != ".md" and look.exists(path)]
    return _of([[path.relative_to(folder).as_posix(), look.data(path)] for path in paths])


@cache
def _version(name: str) -> str:
    if name == "python":
        return platform.python_version()
    try:
        return version(name).split("+")[0]  # the same for a GPU and without
    except PackageNotFoundError:
        return "not installed"


def _of(value: Any) -> str:
    return hash_of(json.dumps(value, sort_keys=True).encode())
