"""What only the user knows of a model: a TOML file, ``harness eval --about FILE``.

The rest of what an entry states (parameters, intermediate tasks, pooling and layer of retrieval,
seeds) the harness fills in itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from harness.data.toml_file import TomlFile
from harness.submission.json_schema import schema_of
from harness.submission.record import Submission, extra_of

FILLED = ("parameters", "parameters_body", "intermediate", "retrieval", "seed", "seeds")


@dataclass(frozen=True)
class About:
    """What a user says of a model; what is not said is left as it is.

    Attributes:
        weights: Whether the weights can be had: open, closed or unknown; "" if nothing is said.
        pretraining: What the base was pre-trained on, as the schema has it.
        extra: Data for the targets beyond their English training sets, as the schema has them; ()
            for none, None if nothing is said.
        regime: What of the targets' languages was used; "" if nothing is said.
    """

    weights: Any = ""
    pretraining: Mapping[str, Any] | None = None
    extra: tuple[Mapping[str, Any], ...] | None = None
    regime: str = ""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            HarnessError: It is not TOML, or a field does not fit the schema of submissions; names
                line, column and field.
        """
        file = TomlFile.read(path)
        fields = _schema()["properties"]
        for key in file.tables:
            if key in FILLED:
                raise file.wrong((key,), f"{key} is filled in by the harness; remove it")
            file.known((key,), key, fields)
        for place, value in _values(file.tables, ()):
            _check_value(file, place, value)
        _check_schema(file)
        extra = file.tables.get("extra")
        return cls(
            file.tables.get("weights", ""),
            file.tables.get("pretraining"),
            None if extra is None else extra_of(extra),
            file.tables.get("regime", ""),
        )

    def told_of(self, entry: Submission) -> Submission:
        """Return an entry with what is said of its model."""
        model, training = entry.model, entry.training
        if self.weights:
            model = replace(model, weights=self.weights)
        if self.pretraining is not None:
            model = replace(model, pretraining=self.pretraining)
        if self.extra is not None:
            training = replace(training, extra=self.extra)
        if self.regime:
            training = replace(training, regime=self.regime)
        return replace(entry, model=model, training=training)


NOTHING_SAID = About()


def _schema() -> dict[str, Any]:
    """Return the schema of such a file: the parts of a submission's that it may hold."""
    whole = schema_of(2)
    model = whole["properties"]["model"]["properties"]
    fields = {name: model[name] for name in ("weights", "pretraining")}
    training = whole["properties"]["training"]["properties"]
    fields |= {name: training[name] for name in ("extra", "regime")}
    return {"type": "object", "properties": fields, "$defs": whole["$defs"]}


def _check_schema(file: TomlFile) -> None:
    """Refuse the first value that does not fit.

    Raises:
        HarnessError: There is one; names its place.
    """
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(_schema()).iter_errors(dict(file.tables)):
        path = list(error.absolute_path)
        if error.validator == "additionalProperties":
            unknown = next(key for key in error.instance if key not in error.schema["properties"])
            file.known(_keys([*path, unknown]), unknown, error.schema["properties"])
        what = error.schema.get("description", "").partition(";")[0].rstrip(".")
        expected = f" ({what})" if what else ""
        raise file.wrong(
            _keys(path), f"{_dotted(path)}: {error.message:.200}{expected}; correct it"
        )


def _check_value(file: TomlFile, place: tuple[str | int, ...], value: Any) -> None:
    """Refuse what JSON cannot hold, and characters that do not show.

    Raises:
        HarnessError: It is one of these.
    """
    name = _dotted(place)
    if isinstance(value, float) and not math.isfinite(value):
        raise file.wrong(
            _keys(place), f"{name}: {value} is not a number; write one, or leave it out"
        )
    if isinstance(value, str) and not value.isprintable():
        raise file.wrong(_keys(place), f"{name}: holds a character that does not show; remove it")


def _values(
    value: Any, place: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every value below one, with its place."""
    inner: Any = ()
    if isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        yield place, value
    for key, one in inner:
        yield from _values(one, (*place, key))


def _keys(place: Sequence[str | int]) -> tuple[str, ...]:
    """Return the keys of a place, as ``TomlFile.at`` takes them."""
    return tuple(part for part in place if isinstance(part, str))


def _dotted(place: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in place)
