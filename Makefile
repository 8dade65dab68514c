# Every target makes .venv itself where it is missing or stale. Nothing else has to be installed by hand but Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMMA := ,

# The directory's checksum is in the stamps' names: the scripts in a virtual environment stop working where it is moved or copied.
HERE := $(shell pwd | cksum | cut -d' ' -f1)
# Which torch: auto keeps one that is there and sees a GPU; pinned and system decide by hand, and set up anew.
TORCH ?= auto
BY_HAND := $(filter-out -auto,-$(TORCH))
LEARNER := $(VENV)/.stamp-learner-$(HERE)$(BY_HAND)
NOTEBOOK := $(VENV)/.stamp-notebook-$(HERE)$(BY_HAND)
INSTRUCTOR := $(VENV)/.stamp-instructor-$(HERE)$(BY_HAND)

# Options of the targets, from the command line: make grade LAB=lab3 EXERCISE=find_heads. They reach the shell as environment
# variables, so that a directory with blanks or quotes in its name is one argument all the same.
SUBMISSION ?= exercises
JOBS ?= 2
# How many exercises are graded at once the command finds out, unless it is told.
AT_ONCE := $(if $(filter file,$(origin JOBS)),,--jobs $(JOBS))
export SUBMISSION LAB EXERCISE MODEL DEVICE BACKEND ISOLATION PORTABLE ARCHIVE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: claims help setup setup-lab doctor grade learn notebook watch report update map test test-long test-slow mutation lint audit build record model-card bench regress docs clean release dist setup-instructor

# A command in each course of examples/; the learners' archive has none.
examples = @for course in $(wildcard examples/*); do (cd "$$course" && "$(CURDIR)/$(BIN)/mechgrade" $(1)) || exit; done

help: ## List the targets
	@echo "make TARGET [NAME=value ...]"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

setup: $(LEARNER) ## Make .venv with what a learner needs; TORCH=auto|pinned|system

setup-lab: $(LEARNER) ## Make the folders for plots and checkpoints
	@$(BIN)/mechgrade setup-lab

doctor: $(LEARNER) ## Check this machine; LAB=lab3 for one lab's needs
	@$(BIN)/mechgrade doctor $${LAB:+"$$LAB"} $${MODEL:+--model "$$MODEL"} $${DEVICE:+--device "$$DEVICE"}

grade: $(LEARNER) ## Grade SUBMISSION (exercises by default); LAB EXERCISE MODEL DEVICE BACKEND ISOLATION narrow it, JOBS=4 at once, PORTABLE=1 says what would fail on a GPU
	@$(BIN)/mechgrade grade "$$SUBMISSION" $(AT_ONCE) \
		$${LAB:+--lab "$$LAB"} $${EXERCISE:+--exercise "$$EXERCISE"} $${MODEL:+--model "$$MODEL"} \
		$${DEVICE:+--device "$$DEVICE"} $${BACKEND:+--backend "$$BACKEND"} $${ISOLATION:+--isolation "$$ISOLATION"} $${PORTABLE:+--portable}

learn: $(LEARNER) ## Open the course as a page on this machine: text and verdict side by side, new with each save
	@$(BIN)/mechgrade learn $${EXERCISE:+"$$EXERCISE"} $${LAB:+--lab "$$LAB"} $${MODEL:+--model "$$MODEL"} \
		$${DEVICE:+--device "$$DEVICE"} $${BACKEND:+--backend "$$BACKEND"}

notebook: $(NOTEBOOK) ## Open a lab's notebook in JupyterLab: LAB=lab3
	@$(BIN)/mechgrade notebook open $${LAB:+"$$LAB"}

watch: $(LEARNER) ## Grade each exercise of SUBMISSION when it is saved
	@$(BIN)/mechgrade watch "$$SUBMISSION" \
		$${LAB:+--lab "$$LAB"} $${EXERCISE:+--exercise "$$EXERCISE"} $${MODEL:+--model "$$MODEL"} \
		$${DEVICE:+--device "$$DEVICE"} $${BACKEND:+--backend "$$BACKEND"}

report: $(LEARNER) ## Grade as `make grade` does, and write outputs/report.html
	@$(BIN)/mechgrade grade "$$SUBMISSION" --html outputs/report.html $(AT_ONCE) \
		$${LAB:+--lab "$$LAB"} $${EXERCISE:+--exercise "$$EXERCISE"} $${MODEL:+--model "$$MODEL"} \
		$${DEVICE:+--device "$$DEVICE"} $${BACKEND:+--backend "$$BACKEND"} $${ISOLATION:+--isolation "$$ISOLATION"}

update: $(LEARNER) ## Bring in a new version of the course under your own work; ARCHIVE=FILE takes the learners' archive
	@$(BIN)/mechgrade update $${ARCHIVE:+"$$ARCHIVE"}

map: $(LEARNER) ## Show the course: what is done, what is next
	@$(BIN)/mechgrade map $${LAB:+--lab "$$LAB"}

# A file's tests stay in one process: they share a worker, which takes seconds to start and half a gigabyte to keep.
TEST := $(BIN)/pytest --numprocesses $(JOBS) --dist loadfile --durations 10

test: $(INSTRUCTOR) ## Run the tests; PYTEST_ARGS='-k course -x' is passed on; JOBS=2 processes, JOBS=0 for a debugger
	$(TEST) -m "not long and not slow" $(PYTEST_ARGS)

test-long: $(INSTRUCTOR) ## Run the tests that CI runs too, and that take too long to wait for
	$(TEST) -m "long and not slow" $(PYTEST_ARGS)

test-slow: $(INSTRUCTOR) ## Run the tests that take hours: every case of what test and test-long try a few of
	$(TEST) -m slow $(PYTEST_ARGS)

mutation: $(INSTRUCTOR) ## Change the verdict core in many small ways, and see that a fast test fails each time; FILES=compare for a part
	$(BIN)/python scripts/mutation.py $(FILES) --jobs $(JOBS)

lint: $(INSTRUCTOR) ## Check style, types and the floors of the house (exercises/ is the learner's, and left alone)
	$(BIN)/ruff check --extend-exclude exercises
	$(BIN)/ruff format --check --extend-exclude exercises
	$(BIN)/mypy
	$(BIN)/lint-imports

build: $(INSTRUCTOR) ## Generate exercises/ and the hints from solutions/; CHECK=1 only looks, FORCE=1 overwrites edited stubs
	$(BIN)/mechgrade build $(if $(CHECK),--check) $(if $(FORCE),--force)
	$(call examples,build $(if $(CHECK),--check) $(if $(FORCE),--force))

record: $(INSTRUCTOR) ## Record the fixtures that graders compare with; CHECK=1 only looks
	$(BIN)/mechgrade record $(if $(CHECK),--check)
	$(call examples,record $(if $(CHECK),--check))

audit: $(INSTRUCTOR) ## Grade the graders, JOBS programs at once: right ones pass, wrong ones are rejected and named (mechgrade audit adds mutants)
	$(BIN)/mechgrade audit --no-mutants --jobs $(JOBS)
	$(call examples,audit --no-mutants --jobs $(JOBS))

setup-instructor: $(INSTRUCTOR) ## Make .venv with what an instructor needs

release: $(INSTRUCTOR) ## Make a lab's nbgrader assignment and put it into the exchange: LAB=lab3; EXCHANGE=no only makes it
	@$(BIN)/mechgrade release "$$LAB" $(if $(filter no,$(EXCHANGE)),--no-exchange)

dist: $(INSTRUCTOR) ## Make the learners' archive: everything but the answers
	@$(BIN)/mechgrade dist

model-card: $(LEARNER) ## Measure the embedded model and print its table
	$(BIN)/mechgrade model-card

claims: $(INSTRUCTOR) ## Measure again what the texts say of the shipped models, and fail where they say something else
	$(BIN)/mechgrade claims

bench: $(INSTRUCTOR) ## Run the benchmarks: medians and ratios, side by side; JSON in outputs/benchmarks
	@for script in tests/benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit; done

regress: $(INSTRUCTOR) ## Compare a few ratios of times with those of the last release; fails where one is 1.5 times worse
	@$(BIN)/python tests/benchmarks/regress.py

docs: $(INSTRUCTOR) ## Build the documentation's site into outputs/site; fails on a dead link
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean: ## Remove caches and build leftovers (not .venv, not outputs/)
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# A stamp is newer than the files that it was installed from, and is made only when pip has finished.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "mechgrade needs Python 3.11 or later; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Installing into $(VENV): once, and it takes minutes."
	@$(PYTHON) scripts/prepare_venv.py --torch "$(TORCH)" --venv $(VENV)
	@rm -f $(VENV)/.stamp-*
	@$(PYTHON) scripts/install.py --venv $(VENV) '$(1)'
endef

$(LEARNER): pyproject.toml constraints.txt
	$(call install,.[transformer-lens$(COMMA)kernel])
	@touch $@ $(VENV)/.stamp-learner-$(HERE)

$(NOTEBOOK): pyproject.toml constraints.txt
	$(call install,.[transformer-lens$(COMMA)notebook])
	@touch $(LEARNER) $@ $(VENV)/.stamp-learner-$(HERE) $(VENV)/.stamp-notebook-$(HERE)

$(INSTRUCTOR): pyproject.toml constraints.txt
	$(call install,.[transformer-lens$(COMMA)instructor$(COMMA)cluster$(COMMA)dev])
	@touch $(LEARNER) $(NOTEBOOK) $@ $(VENV)/.stamp-learner-$(HERE) $(VENV)/.stamp-notebook-$(HERE) $(VENV)/.stamp-instructor-$(HERE)
