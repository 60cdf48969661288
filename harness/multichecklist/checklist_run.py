"""MultiCheckList from request to output folder: learn SQuAD v1.1, answer every suite, count."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.data.files import copy_file, digest, write_json
from harness.data.folder import FolderSource
from harness.data.layouts.pooled import Candidate
from harness.data.source import Source
from harness.declarations import Folder, Task, TrainingSet
from harness.errors import HarnessError
from harness.formats.span_extraction import SpanExtraction
from harness.models.device import first_process
from harness.multichecklist import official_suites
from harness.multichecklist.error_rates import FILE, OFFICIAL, OURS, ErrorRates, rates_of
from harness.multichecklist.generate import TITLES, Suite, as_squad, generate
from harness.multichecklist.templates import Templates
from harness.pipeline.dataset_facts import DatasetFacts, bounded
from harness.pipeline.engines.run_plan import EngineChoice, run_plan
from harness.pipeline.engines.schedule import Progress
from harness.pipeline.plan_training import set_spec, training_step
from harness.pipeline.request import Request
from harness.pipeline.steps.predict_step import PredictStep
from harness.pipeline.steps.runtime import Runtime
from harness.pipeline.steps.train_step import TrainStep
from harness.pipeline.store.store import Store

if TYPE_CHECKING:
    from datasets import Dataset

NAME = "multichecklist"
TEMPLATES = "checklist_templates.tsv"
TRAINING = "squad"  # v1.1, as test_models.py of google-research/xtreme expects
SUITES, PREDICTIONS = "suites", "predictions"
OWN_FILE = "{lang}.json"  # of a suite that is made here, and of the predictions
CASES = 200  # of a test, that rates are of; with fewer they are partial
_WRITTEN = re.compile("[a-z]{2,3}(-[A-Za-z]{2,8})?[.]json")  # OWN_FILE of any language


@dataclass(frozen=True)
class SuiteSource:
    """Where the training data are, and the folder of suites for the checklist's own task.

    Attributes:
        training: The source of training data.
        suites: The folder of suites.
    """

    training: Source
    suites: FolderSource

    def _of(self, of: Task | TrainingSet) -> Source:
        return self.suites if isinstance(of, Task) and of.name == NAME else self.training

    def has(self, of: Task | TrainingSet, split: str, language: str) -> bool:
        """Return whether a split of a language is there."""
        return self._of(of).has(of, split, language)

    def digest(self, of: Task | TrainingSet, split: str, language: str) -> str:
        """Return a hash of everything that decides the split's rows."""
        return self._of(of).digest(of, split, language)

    def examples(self, of: Task | TrainingSet, split: str, language: str) -> Dataset:
        """Return a split's rows."""
        return self._of(of).examples(of, split, language)

    def pool(self, task: Task, start: int = 0, stop: int | None = None) -> Iterator[Candidate]:
        """Yield some candidates of a retrieval task."""
        return self._of(task).pool(task, start, stop)

    def gold(self, task: Task, language: str) -> Any | None:
        """Return the gold of the test split, None if it is not known."""
        return self._of(task).gold(task, language)

    def gold_digest(self, task: Task, language: str) -> str:
        """Return a hash of everything that decides the gold."""
        return self._of(task).gold_digest(task, language)


@dataclass(frozen=True)
class Suites:
    """The suites of all languages that are asked for.

    Attributes:
        origin: ``ours`` or ``official``.
        by_language: The suites.
        folder: Where their files are.
        pattern: Name of a file there.
        templates: The templates that they are made or read by.
        cases: Cases of a test that were asked for, None of official suites: those that they have.
    """

    origin: str
    by_language: Mapping[str, Suite]
    folder: Path
    pattern: str
    templates: Templates
    cases: int | None = None

    @property
    def task(self) -> Task:
        """Return the suites as a task of span extraction."""
        files = {"test": self.pattern}
        title, languages = "MultiCheckList", tuple(self.by_language)
        return Task(NAME, title, SpanExtraction(), languages, Folder(files=files))

    @property
    def partial(self) -> str:
        """Return why rates are not comparable with those of complete suites, "" if they are."""
        made = [Counter(case.test for case in suite.cases) for suite in self.by_language.values()]
        lacking = [name for name in TITLES.values() if any(name not in one for one in made)]
        why = [f"without {', '.join(lacking)}"] if lacking else []
        fewest = min((count for one in made for count in one.values()), default=CASES)
        few = min(fewest, CASES if self.cases is None else self.cases)
        if few < CASES:
            why.append(f"{few} case{'s' if few != 1 else ''} a test")
        return "; ".join(why)

    def write(self) -> None:
        """Write the files of suites that were made here.

        Each process of torchrun writes the same bytes: none reads a file before it is there.
        """
        if self.origin == OURS:
            for code, suite in self.by_language.items():
                write_json(as_squad(suite), self.folder / self.pattern.format(lang=code))

    def clear(self, output: Path) -> None:
        """Remove what an earlier checklist wrote into an output folder, but for these suites."""
        if not (output / FILE).is_file():
            return
        own = {self.pattern.format(lang=code) for code in self.by_language}
        kept = {SUITES: own if self.origin == OURS else set(), PREDICTIONS: set()}
        for name, files in kept.items():
            for path in (output / name).glob("*.json"):
                if _WRITTEN.fullmatch(path.name) and path.name not in files and path.is_file():
                    path.unlink()


@dataclass(frozen=True)
class ChecklistPlan:
    """The steps of a checklist.

    Attributes:
        training: Learns SQuAD: the step that XQuAD and MLQA share.
        predictions: The predict steps by language.
        source: Where examples are.
        notes: What the user should know of the training data.
    """

    training: TrainStep
    predictions: Mapping[str, PredictStep]
    source: SuiteSource
    notes: tuple[str, ...]

    @property
    def steps(self) -> list[TrainStep | PredictStep]:
        """Return all steps, the training first."""
        return [self.training, *self.predictions.values()]


def templates_file(templates: Path | None, data: Path | None) -> Path:
    """Return the file of templates: the one named, else the one with the data.

    Raises:
        HarnessError: There is none.
    """
    if templates is not None:
        return templates
    places = [folder / NAME / TEMPLATES for folder in ((data, data.parent) if data else ())]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        where = f"{places[0]} is not there; " if places else ""
        raise HarnessError(
            f"no templates of MultiCheckList: {where}name the file with --templates"
            f" (multichecklist/{TEMPLATES} of google-research/xtreme)"
        )
    return found


def made_here(
    templates: Templates, languages: Sequence[str], seed: int, cases: int, folder: Path
) -> Suites:
    """Return suites made from the templates; planning writes their files.

    Args:
        templates: The templates.
        languages: Codes; () means all that the templates have.
        seed: Decides the cases.
        cases: Cases of each test.
        folder: Where the files go.

    Raises:
        HarnessError: A language is not in the templates, or a test has no case in it.
    """
    templates.check_languages(languages)
    chosen = languages or templates.languages
    suites = {code: generate(templates, code, seed, cases) for code in chosen}
    return Suites(OURS, suites, folder, OWN_FILE, templates, cases)


def official(folder: Path, templates: Templates, languages: Sequence[str]) -> Suites:
    """Return the official suites of a folder.

    Args:
        folder: The folder, ``lang_suites`` of the official archive.
        templates: The templates, which say what is right.
        languages: Codes; () means all that the folder has.

    Raises:
        HarnessError: The folder holds none, or one is not what the templates make.
    """
    ending = official_suites.FILE.format(lang="")
    names = sorted(path.name for path in folder.glob(f"*{ending}")) if folder.is_dir() else []
    there = [name.removesuffix(ending) for name in names]
    if not there:
        raise HarnessError(f"{folder}: no file XX{ending}; expected the official lang_suites")
    templates.check_languages(languages or there)
    chosen = languages or there
    suites = {code: official_suites.read_suite(folder, code, templates) for code in chosen}
    return Suites(OFFICIAL, suites, folder.absolute(), official_suites.FILE, templates)


def plan_checklist(request: Request, suites: Suites) -> ChecklistPlan:
    """Plan a checklist: the training, then a prediction a language.

    Suites that are made here are written once the training is planned: predictions are planned
    by their files, and what cannot be run writes nothing.

    Raises:
        HarnessError: There is no SQuAD to learn from, or the checkpoint cannot do it.
    """
    training = registry.training(TRAINING)
    settings = request.recipe.settings(training.format, training)
    spec = set_spec(request, training, settings)
    step = training_step(request, [spec], settings)
    suites.write()
    source = SuiteSource(request.source, FolderSource(suites.folder, memory=request.memory))
    task, facts = suites.task, DatasetFacts(source, request.memory)
    predictions = {}
    for language in task.languages:
        test, data = facts.test(task, language)
        tokens = bounded(test, test.rows, settings)
        predictions[language] = PredictStep(
            name=request.named(f"predict {NAME} {language}"),
            checkpoint=request.checkpoint,
            task=task,
            language=language,
            settings=settings,
            limit=0,
            data=data,
            device=request.device,
            parents=(step,),
            examples=test.rows,
            tokens=tokens,
            work=2.0 * tokens * request.checkpoint.body,
            pace=request.pace("predict", task.format.name),
        )
    notes = (*suites.templates.notes, *request.facts.training(spec.training)[0].notes)
    return ChecklistPlan(step, predictions, source, notes)


def run_checklist(
    request: Request,
    suites: Suites,
    store: Store,
    output: Path,
    progress: Progress,
    choice: EngineChoice,
) -> ErrorRates:
    """Run a checklist, go on past languages that fail, and write the output folder.

    Args:
        request: What was asked for.
        suites: The suites.
        store: The store of finished steps.
        output: The folder to write.
        progress: Receives the plan and each step's progress.
        choice: The engine.

    Returns:
        The error rates; none in torchrun's other processes, which write nothing.

    Raises:
        HarnessError: Something is missing or does not fit; nothing has run.
    """
    plan = plan_checklist(request, suites)
    request.memory.save()
    if first_process():
        progress.planned(_in_words(request, suites, plan))
    report = run_plan(plan.steps, Runtime(store, plan.source, request.device), progress, choice)
    if not first_process():
        return ErrorRates({})
    failed = report.reasons()
    task, answers = suites.task, {}
    suites.clear(output)
    for language, step in plan.predictions.items():
        if step.key not in failed:
            target = output / PREDICTIONS / OWN_FILE.format(lang=language)
            copy_file(store.fetched(step) / step.file, target)
            answers[language] = task.format.read(target)
    incomplete = f"incomplete, {len(failed)} steps failed" if failed else ""
    rates = ErrorRates(
        rates=rates_of(suites.by_language, answers),
        origin=suites.origin,
        name=request.checkpoint.name,
        partial="; ".join(filter(None, [request.partial, suites.partial, incomplete])),
        notes=plan.notes,
        failed={step.name: failed[step.key] for step in plan.steps if step.key in failed},
        folder=output,
        about=_about(request, suites, plan),
    )
    rates.save(output)
    return rates


def _in_words(request: Request, suites: Suites, plan: ChecklistPlan) -> str:
    """Return what will be done."""
    notes = [f"note: {note}" for note in (*request.checkpoint.notes, *plan.notes)]
    questions = sum(step.examples for step in plan.predictions.values())
    cases = sum(len(suite.cases) for suite in suites.by_language.values())
    codes = " ".join(plan.predictions)
    counts = f"{cases:,} cases, {questions:,} questions, {suites.origin}"
    return "\n".join([*notes, plan.training.name, f"predict {NAME}: {codes} ({counts})"])


def _about(request: Request, suites: Suites, plan: ChecklistPlan) -> dict[str, Any]:
    """Return what was run, without a path of this machine."""
    return {
        "seed": request.seed,
        "cases": suites.cases,
        "recipe": request.recipe.as_dict(),
        "checkpoint": request.checkpoint.fingerprint,
        "templates": digest(suites.templates.path),
        "training": plan.training.key,
        "device": request.device.identity(),
        "suite_files": {code: step.data["test"] for code, step in plan.predictions.items()},
    }
