"""Span extraction: the answer to a question as a span of its context (XQuAD, MLQA, TyDiQA)."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from harness.data.files import File, read_json, refuse_mark, strict, write_text
from harness.data.layouts import Layout, Squad, SquadWithout, is_labelled
from harness.declarations import Scores
from harness.errors import HarnessError
from harness.formats.common import EvaluatedFormat, Unlabelled
from harness.formats.faults import Fault, Kind, Report, raising
from harness.models.heads import SPAN, Head

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset

    from harness.models.model import Model
    from harness.recipes import Settings
    from harness.statistics.clusters import Keys
    from harness.statistics.sums import Tally

Answers = list[tuple[str, list[str]]]
"""Each question's id and answers, in order: ids may repeat, and every question counts."""
Offsets = list[tuple[int, int] | None]
LONGEST_ANSWER = 10_000  # characters


@dataclass(frozen=True)
class SpanExtraction(EvaluatedFormat):
    """Span extraction; predictions are answers by question id.

    Attributes:
        scorer: ``squad`` (the SQuAD v1.1 script, English normalisation for all languages) or
            ``mlqa`` (MLQA's script, by language).
        no_answer: Whether a question may have no answer in its context (SQuAD v2.0); it is then
            trained as a span on the first token, predicted as "" if that span scores above all
            others (run_squad.py's null_score_diff_threshold of 0), and scored by v2.0's script.
    """

    scorer: Literal["squad", "mlqa"] = "squad"
    no_answer: bool = False
    labels: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = "span extraction"
    suffix: ClassVar[str] = "json"
    metric: ClassVar[str] = "exact_match+f1"
    head: ClassVar[Head] = SPAN
    reads: ClassVar[tuple[str, ...]] = (
        "max_length",
        "stride",
        "max_question",
        "max_answer",
        "misplaced_answers",
    )

    @property
    def layout(self) -> Layout:
        """Return SQuAD's layout, of v1.1 or v2.0."""
        return SquadWithout() if self.no_answer else Squad()

    def encode(
        self, rows: Dataset, tokenizer: Any, settings: Settings, *, training: bool
    ) -> list[dict[str, Any]]:
        """Tokenise questions with windows over their contexts, ``settings.stride`` tokens apart.

        Returns:
            One feature per window. ``row`` is the question's row and ``offsets`` has a context
            token's (start, end) in code points, None for other tokens. In training the windows
            carry ``start_positions`` and ``end_positions`` instead; a window without the whole
            answer points at its first token, as in SQuAD's reference code.
        """
        questions, lengths = _cut(rows["question"][:], tokenizer, settings.max_question)
        contexts = rows["context"][:]
        features: list[dict[str, Any]] = []
        for length in sorted(set(lengths)):
            members = [i for i, other in enumerate(lengths) if other == length]
            room = settings.max_length - length - tokenizer.num_special_tokens_to_add(pair=True)
            if room < 1:
                raise HarnessError(
                    f"max_length {settings.max_length} leaves no room for a context beside a"
                    f" question of {length} tokens; raise it or lower max_question in the recipe"
                )
            batch = tokenizer(
                [questions[i] for i in members],
                [contexts[i] for i in members],
                truncation="only_second",
                max_length=settings.max_length,
                stride=max(0, room - settings.stride),  # means the overlap in transformers
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
            )
            features += _windows(batch, members, contexts, tokenizer.model_input_names)
        features.sort(key=lambda feature: feature["row"])  # stable: windows stay in order
        if training:
            targets = [
                _target(*row) for row in zip(rows["answers"][:], rows["starts"][:], strict=True)
            ]
            for feature in features:
                row, offsets = feature.pop("row"), feature.pop("offsets")
                begin, stop = targets[row]
                span = _token_span(offsets, begin, stop) if stop else (0, 0)
                feature["start_positions"], feature["end_positions"] = span
        return features

    def predict(
        self, model: Model, rows: Mapping[str, Dataset], settings: Settings
    ) -> dict[str, str]:
        """Return the text of each question's best non-null span."""
        test = rows["test"]
        features = self.encode(test, model.tokenizer, settings, training=False)
        outputs = model.infer(features)
        contexts: list[str] = test["context"][:]
        best = [(float("-inf"), "")] * len(contexts)
        null = [float("inf")] * len(contexts)
        for feature, (start, end) in zip(features, outputs, strict=True):
            row = feature["row"]
            offsets = _visible(feature["offsets"], contexts[row])
            score, span = _best_span(start, end, offsets, settings.max_answer)
            null[row] = min(null[row], float(start[0] + end[0]))
            if span is not None and score > best[row][0]:
                best[row] = (score, contexts[row][span[0] : span[1]].strip())
        return {
            name: "" if self.no_answer and empty > score else text
            for name, (score, text), empty in zip(test["id"], best, null, strict=True)
        }

    def gold(self, rows: Dataset) -> Answers | None:
        """Return the rows' ids and answers, None if answers are expected and no row has any."""
        gold = list(zip(rows["id"][:], rows["answers"][:], strict=True))
        known = self.no_answer or any(is_labelled(answers) for _, answers in gold)
        return gold if known else None

    def write(self, predictions: dict[str, str], path: Path) -> None:
        """Write ``{id: answer}`` as JSON."""
        write_text(json.dumps(predictions, ensure_ascii=False, indent=0) + "\n", path)

    def read(self, path: File, report: Report | None = None) -> dict[str, str]:
        """Read ``{id: answer}``.

        A report is also told of answers of more than ``LONGEST_ANSWER`` characters, which the
        official scorer takes.
        """
        refuse_mark(path)
        value, tell = read_json(path), report or raising(path)
        if not isinstance(value, dict):
            text, found = "not a JSON object of question id to answer", type(value).__name__
            tell(Fault(Kind.ANSWER, text, found=found, expected="an object of id to answer"))
            return {}
        for name, answer in value.items():
            if not isinstance(answer, str):
                text = f"the answer to {name:.60} is not text but {answer!r:.60}"
                tell(Fault(Kind.ANSWER, text, found=f"{name:.60}: {answer!r:.60}", expected="text"))
            elif report and len(answer) > LONGEST_ANSWER:
                text = f"the answer to {name:.60} has {len(answer):,} characters"
                expected = f"at most {LONGEST_ANSWER:,}"
                tell(Fault(Kind.ANSWER, text, expected=expected, remedy="answer with a span"))
        return value

    def misfits(self, gold: Answers, predictions: dict[str, str]) -> Iterator[Fault]:
        """Yield ids that are missing and ids that no question has.

        The official scorer takes both: an id without a prediction scores 0.
        """
        known = dict.fromkeys(name for name, _ in gold)
        missing = [name for name in known if name not in predictions]
        unknown = [name for name in predictions if name not in known]
        for names, what in ((missing, "are missing"), (unknown, "belong to no question")):
            if names:
                found = f"{len(names):,} of {len(known):,} ids {what}: {_named(names)}"
                yield Fault(
                    Kind.IDS,
                    found,
                    found=found,
                    expected=f"the {len(known):,} ids of the questions, each once",
                    remedy='an answer that is not known is ""; ids are those of the test file',
                )

    def read_gold(self, path: Path) -> Answers:
        """Read a SQuAD file with answers; one without any raises Unlabelled."""
        refuse_mark(path)
        value = self.layout.read_file(path, (), strict(path))
        gold = list(zip(value["id"], value["answers"], strict=True))
        if not any(is_labelled(answers) for _, answers in gold):
            raise Unlabelled(f"{path}: no labels (every answer is empty)")
        return gold

    def limited(self, gold: Answers, rows: Dataset) -> Answers:
        """Return the gold of the rows' ids, an id as often as the rows have it."""
        counts = Counter(rows["id"][:])
        pairs = []
        for name, answers in gold:
            if counts[name]:
                counts[name] -= 1
                pairs.append((name, answers))
        return pairs

    def score(self, gold: Answers, predictions: dict[str, str], language: str) -> Scores:
        """Return exact match and F1; an id without a prediction scores 0."""
        return self.scored(gold, predictions, language)[0]

    def scored(
        self, gold: Answers, predictions: dict[str, str], language: str
    ) -> tuple[Scores, Callable[[], Tally | None]]:
        """Return the scores and what returns the tally, each question compared once for both."""
        from harness.scoring import mlqa_questions, question_means, squad2_scores, squad_questions

        if self.no_answer:
            return squad2_scores(gold, predictions), partial(_tally, gold, None)
        if self.scorer == "mlqa":
            questions = mlqa_questions(gold, predictions, _mlqa_language(language))
        else:
            questions = squad_questions(gold, predictions)
        return question_means(questions), partial(_tally, gold, questions)

    def keys(self, rows: Dataset) -> Keys:
        """Return the questions' ids, the same in all languages, and their contexts."""
        from harness.statistics.clusters import Keys

        names: list[str] = rows["id"][:]
        return Keys(names, (rows["context"][:],), names)

    def tally(self, gold: Answers, predictions: dict[str, str], language: str) -> Tally | None:
        """Return of each question the mean of exact match and F1, of 1; None of SQuAD v2.0."""
        return self.scored(gold, predictions, language)[1]()


def _tally(gold: Answers, questions: Sequence[tuple[int, float]] | None) -> Tally | None:
    import numpy as np

    from harness.statistics.sums import Tally

    if questions is None:
        return None
    means = np.array([(exact + f1) / 2 for exact, f1 in questions])
    return Tally(means, np.ones(len(means)), [name for name, _ in gold])


def _named(names: Sequence[str]) -> str:
    """Return the first three of some ids."""
    return ", ".join(f"{name:.60}" for name in names[:3]) + (" …" if len(names) > 3 else "")


def _mlqa_language(language: str) -> str:
    """Return a language that MLQA's script knows.

    It stops at others (mini's Swahili): they get Hindi's rules, tokens by white space and no
    articles.
    """
    from harness.scoring import MLQA_LANGUAGES

    return language if language in MLQA_LANGUAGES else "hi"


def _cut(questions: Sequence[str], tokenizer: Any, limit: int) -> tuple[list[str], list[int]]:
    """Return questions cut to ``limit`` tokens (run_squad.py: max_query_length) and lengths."""
    batch = tokenizer(
        list(questions),
        add_special_tokens=False,
        truncation=True,
        max_length=limit,
        return_offsets_mapping=True,
    )
    spans = batch["offset_mapping"]
    cut = [text[: span[-1][1]] if span else "" for text, span in zip(questions, spans, strict=True)]
    return cut, [len(span) for span in spans]


def _windows(
    batch: Any, rows: Sequence[int], contexts: Sequence[str], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the windows of a tokenised batch, each with its row and context offsets."""
    windows = []
    for i, member in enumerate(batch["overflow_to_sample_mapping"]):
        window: dict[str, Any] = {name: batch[name][i] for name in names if name in batch}
        window["row"] = rows[member]
        offsets = [
            span if part == 1 else None
            for part, span in zip(batch.sequence_ids(i), batch["offset_mapping"][i], strict=True)
        ]
        window["offsets"] = _whole_letters(offsets, contexts[rows[member]])
        windows.append(window)
    return windows


def _whole_letters(offsets: Offsets, context: str) -> Offsets:
    """Return offsets extended over combining marks (category M) that are in no token.

    A tokenizer that composes letters (NFKC) may say that a token ends before the marks of its
    last letter. Where a window is cut, the marks may be in a token of the next one.
    """
    if context.isascii():
        return offsets
    spans: Offsets = []
    for span, after in zip(offsets, [*offsets[1:], None], strict=True):
        if span is not None:
            end, limit = span[1], after[0] if after else len(context)
            while end < limit and unicodedata.category(context[end])[0] == "M":
                end += 1
            if after or not context[end:].strip():
                span = (span[0], end)
        spans.append(span)
    return spans


def _target(answers: Sequence[str], starts: Sequence[int]) -> tuple[int, int]:
    """Return the characters of the answer to train on, (0, 0) without one.

    It is the first that is not empty, without white space at its ends, as predictions are.
    """
    for text, start in zip(answers, starts, strict=True):
        if answer := text.strip():
            begin = start + len(text) - len(text.lstrip())
            return begin, begin + len(answer)
    return 0, 0


def _token_span(offsets: Offsets, begin: int, end: int) -> tuple[int, int]:
    """Return the tokens that cover characters begin..end, (0, 0) unless the window has them all."""
    inside = [
        (i, *span) for i, span in enumerate(offsets) if span and span[1] > begin and span[0] < end
    ]
    whole = inside and inside[0][1] <= begin and inside[-1][2] >= end
    return (inside[0][0], inside[-1][0]) if whole else (0, 0)


def _visible(offsets: Offsets, context: str) -> Offsets:
    """Return offsets without tokens of white space alone, which would be empty answers."""
    return [span if span and context[span[0] : span[1]].strip() else None for span in offsets]


def _best_span(
    start: np.ndarray, end: np.ndarray, offsets: Offsets, longest: int
) -> tuple[float, tuple[int, int] | None]:
    """Return the best-scored span of at most ``longest`` context tokens and its characters.

    Args:
        start: Start scores of the window's tokens, float32 (tokens,).
        end: End scores, float32 (tokens,).
        offsets: Character offsets of the context tokens, None for the others.
        longest: Greatest number of tokens in an answer.
    """
    import numpy as np

    context = {i: span for i, span in enumerate(offsets) if span and span[1] > span[0]}
    if not context:
        return float("-inf"), None
    places = np.array(list(context))
    lengths = places[None, :] - places[:, None]  # end minus start
    allowed = (lengths >= 0) & (lengths < longest)
    scores = np.where(allowed, start[places][:, None] + end[places], -np.inf)
    first, last = (int(places[i]) for i in np.unravel_index(scores.argmax(), scores.shape))
    return float(scores.max()), (context[first][0], context[last][1])
