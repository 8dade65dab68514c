"""Gradescope's autograder: a zip with `setup.sh` and `run_autograder`, and the course in it.

https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import secrets
from pathlib import Path

from mechgrade.authoring.archive import contents, write_zip
from mechgrade.course import Course, Lab

#: Gradescope's Ubuntu has an older Python; uv brings one of its own.
SETUP = """\
#!/usr/bin/env bash
# Runs once, when Gradescope builds the autograder's image.
set -euo pipefail
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv python3-pip make libseccomp2
cd /autograder/source
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    python3 -m pip install -q uv
    python3 -m uv python install 3.11
    export PYTHON="$(python3 -m uv python find 3.11)"
}
export PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
if [ -f requirements.txt ]; then
    "${PYTHON:-python3}" -m venv .venv
    .venv/bin/python -m pip install -q -r requirements.txt nbformat
else
    make setup PYTHON="${PYTHON:-python3}"
    .venv/bin/python -m pip install -q -c constraints.txt nbformat
fi
"""

#: How long grading may take, in seconds: Gradescope's own limit is ten minutes by default, and after it nothing is written.
SECONDS = 540

RUN = """\
#!/usr/bin/env bash
# Runs for each submission. Whatever happens, Gradescope finds a results.json. One without a score is no zero: Gradescope shows
# that the autograder failed, and what is said in it.
AUTOGRADER=${AUTOGRADER:-/autograder}
results="$AUTOGRADER/results/results.json"
limit=${MECHGRADE_SECONDS:-@SECONDS@}
mkdir -p "$AUTOGRADER/results"
rm -f "$results"
cd "$AUTOGRADER/source" || true
if [ -f hidden.secret ]; then MECHGRADE_SECRET=$(cat hidden.secret); export MECHGRADE_SECRET; fi
timeout --kill-after=10 "$limit" "${MECHGRADE_PYTHON:-.venv/bin/python}" -m mechgrade.doors.cli gradescope-run @LAB@ \\
    --submission "$AUTOGRADER/submission" --to "$results"
code=$?
[ -s "$results" ] && exit 0
case $code in
    124) why="grading took longer than $limit seconds" ;;
    137) why="grading was ended from outside: the container may have too little memory, choose a larger one" ;;
    125 | 126 | 127) why="Python is missing: setup.sh did not come to its end, build the autograder again" ;;
    *) why="grading ended with exit code $code; what it said is in the autograder's output" ;;
esac
printf '{"output": "This could not be graded, and that is not your code'"'"'s fault: %s.", "stdout_visibility": "hidden", "tests": []}\\n' \\
    "$why" >"$results"
"""


def autograder(course: Course, lab: Lab, path: Path, *, hidden: bool = False) -> Path:
    """Write the zip for one lab.

    Args:
        course: the course.
        lab: which.
        path: where to.
        hidden: grade on hidden inputs too. The zip then holds the references and a new secret: it is for Gradescope alone.

    Raises:
        BuildError: a source is not right.
        PublishError: something is in the archive that must not be there.
    """
    inside = contents(course, notebooks=False)
    inside["setup.sh"] = SETUP.encode()
    inside["run_autograder"] = RUN.replace("@LAB@", lab.name).replace("@SECONDS@", str(SECONDS)).encode()
    if hidden:
        inside["hidden.secret"] = secrets.token_hex(32).encode()
        for exercise in lab.exercises.values():
            source = course.solution_path(exercise)
            inside[source.relative_to(course.root).as_posix()] = source.read_bytes()
    return write_zip(path, inside, programs=("setup.sh", "run_autograder"))
