"""Trust in each guide of a model in a game: as set, as measured, or a default.

``plywise llm calibrate`` writes its measurements by model, game and guide; :func:`trusts` finds
them.  Those of the package are in ``datasets/fitted/llm_calibration.json``; a user's own come
before them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import msgspec

from plywise.arena.output.files import plain, write_summary
from plywise.conf.schemas.llm import EmbeddedGroup, LLMGroup, OpenAIGroup, StandInGroup
from plywise.datasets.cache_folder import data_root
from plywise.datasets.errors import PlywiseError
from plywise.datasets.files import read_text, reading
from plywise.llm_modules.prompts.scoring import LetterFit
from plywise.search.guide.protocol import Question

_PACKAGED = Path(__file__).parents[2] / "datasets" / "fitted" / "llm_calibration.json"


class _Interval(msgspec.Struct):
    value: float
    low: Annotated[float, msgspec.Meta(ge=0, le=1)]
    high: float


class _Measurement(msgspec.Struct):
    bias: list[float]
    temperature: float
    reliability: _Interval
    questions: int
    prompt: str

    def numbers(self) -> list[float]:
        return [*self.bias, self.temperature, *msgspec.structs.astuple(self.reliability)]


_MeasuredModels = dict[str, dict[str, dict[str, _Measurement]]]
_Measurements = dict[str, dict[str, dict[str, dict[str, Any]]]]
"""The fit, the figures and their source, by model, game and guide."""


class CalibrationFileError(PlywiseError):
    """A file of measured models is missing or damaged."""


@dataclass(frozen=True)
class Trust:
    """Trust in one guide.

    Attributes:
        weight: from 0 (the guide is not asked) to 1 (full trust).
        why: source of the weight, in a few words.
        fit: calibration of its letters' probabilities; None: none.
    """

    weight: float
    why: str
    fit: LetterFit | None = None


def model_name(llm: LLMGroup) -> str:
    """Return the name under which a model is measured, without starting it.

    With examples it is another model: measurements without them say nothing about it.
    """
    name = _weights_name(llm)
    return f"{name} with {llm.examples} examples" if llm.examples else name


def prompt_digest(llm: LLMGroup, game: str, guide: str) -> str:
    """Return a digest of all that a guide is shown beside the position.

    Raises:
        LLMConfigError: examples are to be shown and the game has none.
    """
    from plywise.llm_modules.prompts.examples import digest_of
    from plywise.llm_modules.prompts.prompting import Prompts

    shown = f"{llm.examples} of {digest_of(game)}" if llm.examples else ""
    return Prompts().digest(Question(guide), shown)


def _weights_name(llm: LLMGroup) -> str:
    if isinstance(llm, StandInGroup):
        return f"stand-in-{llm.skill:g}"
    if isinstance(llm, EmbeddedGroup):
        from plywise.llm_modules.providers.embedded import default_weights
        from plywise.llm_modules.providers.model_files import KNOWN, find_model

        path = find_model(llm.model_path) if llm.model_path else default_weights()
        size = path.stat().st_size if path.is_file() else 0
        # A known model is the same under whatever name its file was saved.
        return next((m.name for m in KNOWN.values() if m.size == size), path.stem)
    named = llm.model if isinstance(llm, OpenAIGroup) else None
    return named or os.environ.get("OPENAI_MODEL", "")


def user_file(llm: LLMGroup) -> Path:
    """Return the file of the user's measurements: ``llm.calibration``, else in the user's data."""
    if llm.calibration is not None:
        return Path(llm.calibration).expanduser()
    return data_root() / "llm_calibration.json"


def trusts(llm: LLMGroup, game: str) -> dict[str, Trust]:
    """Return the trust in each guide of ``llm.guides``.

    Raises:
        CalibrationFileError: a file of measured models is damaged, or ``llm.calibration`` is
            missing.
    """
    measured = _measured(llm).get(model_name(llm), {}).get(game, {})
    return {
        guide: _trust(llm, measured.get(guide), prompt_digest(llm, game, guide))
        for guide in llm.guides
    }


def trust_lines(llm: LLMGroup, game: str, found: Mapping[str, Trust]) -> list[str]:
    """Return the trust in a model as text for people: one line, two where it is not measured."""
    lines = [trust_line(f"{model_name(llm)} in {game}", found)]
    if any(trust.why.startswith("default") for trust in found.values()):
        shown = f" llm.examples={llm.examples}" if llm.examples else ""
        lines.append(f"To measure it: plywise llm calibrate games={game} llm={llm.name}{shown} …")
    return lines


def trust_line(model: str, found: Mapping[str, Trust]) -> str:
    """Return the trust in each guide as one line for people."""
    text = "; ".join(f"{guide} {trust.weight:.2f} ({trust.why})" for guide, trust in found.items())
    return f"Trust in {model}: {text}"


def save(llm: LLMGroup, game: str, entries: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write the measurements of a model's guides in a game to the user's file; return its path.

    Raises:
        CalibrationFileError: the existing file is damaged.
        RecordFileError: the disk refuses it.
    """
    path = user_file(llm)
    whole = _read(path) if path.exists() else {}
    whole.setdefault(model_name(llm), {}).setdefault(game, {}).update(plain(entries))
    write_summary(path, whole)
    return path


def _trust(llm: LLMGroup, entry: Mapping[str, Any] | None, prompt: str) -> Trust:
    from plywise.llm_modules.guides.guides import DEFAULT_TRUST

    current = entry if entry is not None and entry["prompt"] == prompt else None
    fit = None
    if current is not None:
        fit = LetterFit(tuple(current["bias"]), current["temperature"])
    if llm.trust is not None:
        return Trust(llm.trust, "set", fit)
    if current is None:
        why = "not measured" if entry is None else "measured with other prompts"
        return Trust(DEFAULT_TRUST, f"default, {why}")
    best, low, high = (current["reliability"][k] for k in ("value", "low", "high"))
    why = f"reliability {best:.2f} [{low:.2f}, {high:.2f}], {current['questions']} questions"
    return Trust(float(low), why if low > 0 else f"{why}: not asked", fit)


def _measured(llm: LLMGroup) -> _Measurements:
    path = user_file(llm)
    found = _read(_PACKAGED) if _PACKAGED.exists() else {}
    if path.exists():
        for model, games in _read(path).items():
            for game, guides in games.items():
                found.setdefault(model, {}).setdefault(game, {}).update(guides)
    elif llm.calibration is not None:
        raise CalibrationFileError(
            f"llm.calibration={llm.calibration}: there is no such file; "
            "plywise llm calibrate writes it"
        )
    return found


def _read(path: Path) -> _Measurements:
    with reading(path, CalibrationFileError, "file of measured models"):
        found: _Measurements = json.loads(read_text(path))
        for games in msgspec.convert(found, _MeasuredModels).values():
            for guides in games.values():
                for guide, entry in guides.items():
                    Question(guide)
                    if entry.temperature <= 0 or not all(map(isfinite, entry.numbers())):
                        raise ValueError("a fit is not made of finite numbers")
    return found
