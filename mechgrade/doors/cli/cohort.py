"""`mechgrade cohort`: check, grade, summary. What comes after the grading is in ``marks``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechgrade.doors.cli.bar import Bar
from mechgrade.doors.cli.common import (
    FAULT,
    STOPPED,
    BackendOption,
    HiddenOption,
    LabOption,
    ModelOption,
    processors,
    see_different,
    see_folder,
    stop,
    the_course,
    write,
)
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.cohort.arrivals import Arrival
    from mechgrade.cohort.matching import Matches
    from mechgrade.cohort.pool import Executor
    from mechgrade.course import Course, Exercise
    from mechgrade.grading.options import Options
    from mechgrade.reports.screen import Screen

app = typer.Typer(no_args_is_help=True, help="Grade a class: in parallel, resumable, each submission once.")

ClassArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="What Canvas or Moodle gives for a class, a folder a learner, nbgrader's submitted/, or a zip.",
    ),
]
RosterOption = Annotated[
    Path | None,
    typer.Option("--roster", help="The class list, a CSV: Canvas', Moodle's or Blackboard's own, or one of yours."),
]
OutArgument = Annotated[Path, typer.Argument(help="The folder that `cohort grade --out` wrote to.")]


@app.command()
def grade(
    path: ClassArgument,
    out: Annotated[Path, typer.Option("--out", help="Where results go, and where a run that was interrupted goes on.")],
    lab: LabOption = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Processes. [default: one a processor]")] = None,
    model: ModelOption = None,
    backend: BackendOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    isolation: Annotated[
        str | None, typer.Option(help="full or process. [default: the best this machine offers; full with --scheduler]")
    ] = None,
    require_isolation: Annotated[
        str | None, typer.Option("--require-isolation", help="Refuse to grade below this level: full or process.")
    ] = None,
    hidden: HiddenOption = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", help="A Dask scheduler, such as tcp://10.0.0.1:8786: grade on its workers."),
    ] = None,
    roster: RosterOption = None,
) -> None:
    """Grade a class and write results: learners/*.json and *.html, grades.csv, summary.html.

    Interrupted at any moment, the same command goes on. What has been graded already is not graded again, unless the
    file, its grader or a setting changed. Exit code 0 when everybody was graded, whatever the scores; 2 for a mistake in
    the command or the course; 3 when the machine or a grader failed for somebody, who then has no score.
    """
    from mechgrade.cohort import outputs
    from mechgrade.cohort.gradesheet import edited
    from mechgrade.cohort.keys import bases
    from mechgrade.cohort.learners import find_class, refuse_inside
    from mechgrade.cohort.matching import match
    from mechgrade.cohort.roster import read_roster
    from mechgrade.cohort.run import CohortRun
    from mechgrade.cohort.store import Store, StoreError
    from mechgrade.grading.errors import GraderError, InfrastructureError
    from mechgrade.grading.options import resolve
    from mechgrade.reports import cohort as report
    from mechgrade.reports import html
    from mechgrade.reports.screen import open_screen

    course = the_course(path)
    screen = open_screen()
    executor: Executor | None = None
    _see_places(isolation, out)
    try:
        refuse_inside(path, out)
        options = resolve(
            course,
            model=model,
            backend=backend,
            device=device,
            isolation=isolation,
            require=require_isolation,
            hidden=hidden,
            counts=True,
            elsewhere=scheduler is not None,
        )
        exercises = course.exercises(lab)
        based = bases(course, exercises, options)
        with Store(out.absolute()) as store:
            people = read_roster(roster) if roster is not None else None
            logins = people.logins if people is not None else ()
            found = find_class(course, path, store.folder / "unpacked", logins=logins)
            learners = found.learners
            for sentence in found.assumed:
                screen.say(sentence)
            for name in found.nobodys:
                screen.say(f"Nobody's: {name}, because its name tells no learner")
            inputs = "public and hidden inputs" if options.hidden else "public inputs alone"
            screen.say(f"{len(learners)} learners, {len(exercises)} exercises, isolation {options.isolation}, {inputs}")
            if options.isolation != "full" and scheduler is None:
                screen.say("Not at isolation full: " + " ".join(_lacking()))
            executor = _executor(course, exercises, options, list(based.values()), jobs, scheduler)
            with Bar() as bar:
                run = CohortRun(course, options, based, store, bar.show)
                progress = run.go(learners, executor)
            executor.close()
            executor = None
            matches = match(people, run.arrivals.values())
            for line in edited(out):
                screen.say(line)
            pages = html.ClassPages(course)
            summary = outputs.write(
                course,
                exercises,
                options,
                store,
                pages.page,
                report.page,
                run.arrivals,
                matches.others,
                based,
            )
    except CourseError as error:
        stop(error)
    except (InfrastructureError, GraderError, StoreError) as error:
        stop(error, FAULT)
    except KeyboardInterrupt:
        stop("interrupted; what was graded is kept, and the same command goes on", STOPPED)
    finally:
        if executor is not None:
            executor.close()
    report.show(summary, screen)
    _say_lacks(course, list(run.arrivals.values()), screen)
    _say_nothing(run.arrivals, matches, screen)
    _say_unclear(matches, roster, screen)
    _say_marks(out, screen)
    screen.say(f"\n{progress.before} of {progress.learners} learners had been graded before.")
    if progress.same:
        screen.say(f"{progress.same} exercises hold the same text as another learner's, and were graded once.")
    if asked := course.questions(lab):
        screen.say(
            f"{len(asked)} question{'s' * (len(asked) != 1)} for a person to grade: mechgrade cohort answers {path} --out {out}"
        )
    screen.say(f"Read {out / 'summary.html'}; grades are in {out / 'grades.csv'}")
    if summary.ungraded:
        screen.say(f"{summary.ungraded} learners have no score, by no fault of theirs: run the same command again")
        raise typer.Exit(FAULT)


@app.command()
def check(
    path: ClassArgument,
    lab: LabOption = None,
    roster: RosterOption = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write the table to this CSV, too.")] = None,
) -> None:
    """Say what each learner handed in, before anything is graded: what counts, what does not and why, what is missing."""
    import tempfile

    from mechgrade.cohort.arrivals import LATE, arrival_of
    from mechgrade.cohort.learners import find_class
    from mechgrade.cohort.matching import match
    from mechgrade.cohort.roster import read_roster
    from mechgrade.reports.screen import open_screen
    from mechgrade.tables import as_csv

    course = the_course(path)
    screen = open_screen()
    rows = [["learner", "id", "used", "not_begun", "ignored", "missing", "late"]]
    see_different(to=to, roster=roster)
    try:
        people = read_roster(roster) if roster is not None else None
        exercises, asked = course.exercises(lab), course.questions(lab)
        rows[0] += [f"{question} (written)" for question in asked]
        with tempfile.TemporaryDirectory(prefix="mechgrade-check-") as scratch:
            logins = people.logins if people is not None else ()
            found = find_class(course, path, Path(scratch), logins=logins)
            arrivals = [arrival_of(each, each.hand_in(course, exercises), exercises) for each in found.learners]
        for one in arrivals:
            used, blank, ignored, missing = one.lines(course)
            rows.append(
                [one.learner, one.id, used, blank, ignored, missing, "LATE" * one.is_late, *one.questions.values()]
            )
            late = f"; {LATE}" if one.is_late else ""
            screen.say(f"{one.learner}: {len(one.used)} of {len(exercises)} exercises begun{late}")
            for words, text in {"used": used, "not begun": blank, "ignored": ignored, "missing": missing}.items():
                if text:
                    screen.say(f"  {words}: {text}")
            for question, state in one.questions.items():
                screen.say(f"  question {question}: {state}")
        matches = match(people, arrivals)
        for name, why in matches.others:
            rows.append([name, "", "", "", "", why, "", *[""] * len(asked)])
            screen.say(f"{name}: {why}")
        _say_unclear(matches, roster, screen)
    except CourseError as error:
        stop(error)
    for sentence in found.assumed:
        screen.say(sentence)
    for name in found.nobodys:
        screen.say(f"Nobody's: {name}, because its name tells no learner")
    whole = sum(len(one.used) == len(exercises) for one in arrivals)
    screen.say(
        f"\n{len(arrivals)} hand-ins; in {whole} something is written for all {len(exercises)} exercises. Nothing was graded."
    )
    if to is not None:
        write(to, as_csv(rows))


@app.command()
def similar(
    path: ClassArgument,
    to: Annotated[Path, typer.Option("--to", help="The page to write.")] = Path("similar.html"),
    lab: LabOption = None,
    least: Annotated[
        float, typer.Option("--least", min=0.1, max=1.0, help="The share from which two files are alike.")
    ] = 0.6,
) -> None:
    """Show whose code is alike, side by side: where to look, never a verdict.

    Names, comments and layout do not count, nor what the stub gives, nor passages that more than ten learners share. Nothing leaves this
    machine, and nothing of the learners' code is run. It needs copydetect: pip install 'mechgrade[similarity]'.
    """
    import tempfile

    from mechgrade.cohort.learners import find_class
    from mechgrade.cohort.similarity import similar as pairs_of
    from mechgrade.reports.screen import open_screen
    from mechgrade.reports.similarity import page

    course = the_course(path)
    screen = open_screen()
    try:
        exercises = course.exercises(lab)
        with tempfile.TemporaryDirectory(prefix="mechgrade-similar-") as scratch:
            found = find_class(course, path, Path(scratch))
            texts = {
                learner.name: {
                    work.exercise: work.text for work in learner.read(course, exercises) if work.text is not None
                }
                for learner in found.learners
            }
        pairs = pairs_of(course, exercises, texts, least)
    except CourseError as error:
        stop(error)
    for sentence in found.assumed:
        screen.say(sentence)
    write(to, page(course.title, len(texts), pairs, least))
    for pair in pairs[:20]:
        names = ", ".join(f"{each.exercise} {each.share:.0%}" for each in pair.alike)
        screen.say(f"{' and '.join(pair.learners)}: {names}")
    if len(pairs) > 20:
        screen.say(f"and {len(pairs) - 20} more pairs")
    count = "1 pair" if len(pairs) == 1 else f"{len(pairs)} pairs"
    screen.say(f"{len(texts)} learners, {count} whose code is alike. Read {to}: it is no verdict.")


def _see_places(isolation: str | None, out: Path) -> None:
    """Stop at a level that is none for a class, and at a place for results that is a file."""
    if isolation == "inline":
        stop("isolation inline shuts nothing in, and is for a debugger; a class is graded at full or process")
    if isolation not in (None, "full", "process"):
        stop(f"there is no isolation {isolation!r}; a class is graded at full or process")
    see_folder(out)


def _say_lacks(course: Course, arrivals: list[Arrival], screen: Screen) -> None:
    """Say whose hand-ins lack something, and why, where that is not everybody's."""
    lacking = [one for one in arrivals if (one.missing and one.ignored) or one.is_odd]
    for one in lacking[:20]:
        screen.say(f"{one.learner}: {one.note(course)}")
    if len(lacking) > 20:
        screen.say(f"and {len(lacking) - 20} more; see handed_in.json, or `mechgrade cohort check`")


def _say_nothing(arrivals: Mapping[str, Arrival], matches: Matches, screen: Screen) -> None:
    """Say who handed in nothing: those with an empty folder, and those who are in the class list alone."""
    from mechgrade.cohort.arrivals import NOTHING

    names = [name for name, one in arrivals.items() if one.is_nothing]
    names += [name for name, why in matches.others if why == NOTHING]
    if names:
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        screen.say(f"No score, because {NOTHING}: {', '.join(names[:20])}{more}")


def _say_unclear(matches: Matches, roster: Path | None, screen: Screen) -> None:
    """Say of whom it is not clear who they are in the class list."""
    for line in matches.lines(str(roster)):
        screen.say(line)


def _say_marks(out: Path, screen: Screen) -> None:
    """Say how many points by hand there are, and which of them a person should look at again."""
    from mechgrade.cohort.exports import result_of
    from mechgrade.cohort.marks import read_marks, remarks

    marks = read_marks(out)
    names = {each.learner for each in marks if (out / "learners" / f"{each.learner}.json").is_file()}
    if marks:
        screen.say(f"{len(marks)} mark{'s' * (len(marks) != 1)} by hand: mechgrade cohort mark {out} lists them")
    for line in remarks(marks, {name: result_of(out, name) for name in sorted(names)}):
        screen.say(line)


@app.command()
def summary(out: OutArgument) -> None:
    """Print what a class has done: verdicts by exercise, and the most frequent misconceptions."""
    from mechgrade.cohort.summary import summary_of
    from mechgrade.reports.cohort import show
    from mechgrade.reports.screen import open_screen

    path = out / "summary.json"
    try:
        found = summary_of(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        stop(f"there is no {path}; `mechgrade cohort grade DIR --out {out}` writes it at its end")
    except (OSError, ValueError, TypeError, KeyError) as error:
        stop(f"{path} cannot be read ({type(error).__name__}: {error}); run `mechgrade cohort grade` again")
    show(found, open_screen())


def _lacking() -> list[str]:
    """What this machine lacks for isolation ``full``, or that it was not asked for."""
    from mechgrade.sandbox import probe

    return list(probe().missing) or ["--isolation process was asked for"]


def _executor(
    course: Course,
    exercises: list[Exercise],
    options: Options,
    based: list[str],
    jobs: int | None,
    scheduler: str | None,
) -> Executor:
    if scheduler is not None:
        from mechgrade.cohort.cluster import Cluster

        return Cluster(course, exercises, options, based, scheduler)
    from mechgrade.cohort.pool import Pool

    return Pool(course, exercises, options, based, jobs or processors())
