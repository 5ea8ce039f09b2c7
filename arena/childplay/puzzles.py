"""The ChildPlay tasks of one question each: shapes, LCL and Guess-the-SMILES."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from random import Random
from typing import Any

from plywise.arena.childplay.sitting import Baseline, Reading, Sitting
from plywise.datasets.childplay import lcl, shapes, smiles
from plywise.datasets.childplay.presets import Preset
from plywise.games.childplay import final_answer, final_word


class Puzzle(ABC):
    """A task of one question.

    Attributes:
        name: of the task.
        baselines: who else is examined.
        items: all of them, made before the first question.
        unreadable: what an illegal reply counts as; None: as a wrong answer.
    """

    name: str
    unreadable: Any = None

    def __init__(self, preset: Preset, total: int, seed: int) -> None:
        self.fair = preset.fair
        self.total = total
        self.seed = seed
        self.baselines = self._baselines()
        self.items = [self.item(number) for number in range(total)]

    def sit(self, sitting: Sitting, number: int) -> None:
        """Ask question ``number`` and write its result down."""
        item = self.items[number]
        value = sitting.ask(self.name, self.fields(item), item, lambda r: self.read(item, r))
        if value is None and self.unreadable is None:
            sitting.outcome.judge(False)
            return
        wrong = self.fault(item, self.unreadable if value is None else value)
        sitting.outcome.judge(wrong is None, wrong or "")
        if value is not None:
            sitting.outcome.details.update(self.details(item, value))

    def _say(self, answer: object) -> str:
        return f"Answer: {answer}" if self.fair else str(answer)

    @abstractmethod
    def _baselines(self) -> list[Baseline]:
        """Return who else is examined."""

    @abstractmethod
    def item(self, number: int) -> Any:
        """Return the item with this number; the same for the same seed."""

    @abstractmethod
    def fields(self, item: Any) -> dict[str, str]:
        """Return what the prompt is filled in with."""

    @abstractmethod
    def read(self, item: Any, reply: str) -> Reading:
        """Return the answer in a reply, or why there is none."""

    @abstractmethod
    def fault(self, item: Any, value: Any) -> str | None:
        """Return None for the right answer, else what is wrong."""

    def details(self, item: Any, value: Any) -> dict[str, float]:
        """Return further figures of an answer."""
        return {}


class Shapes(Puzzle):
    """Which figure is it?  The answer is the number of an option."""

    name = "shapes"

    def _baselines(self) -> list[Baseline]:
        def at_random(item: shapes.ShapeItem, rng: Random) -> str:
            return self._say(rng.randrange(len(item.options)))

        def reader(item: shapes.ShapeItem, rng: Random) -> str:
            kind = shapes.recognise(item.rows)
            return self._say("none" if kind is None else item.options.index(kind))

        return [Baseline("random", at_random), Baseline("exact", reader)]

    def item(self, number: int) -> shapes.ShapeItem:
        """Return a figure and its options."""
        return shapes.shape_item(number, self.seed, self.fair)

    def fields(self, item: shapes.ShapeItem) -> dict[str, str]:
        """Return the field and the options."""
        options = "\n".join(f"{k}: {option}" for k, option in enumerate(item.options))
        return {"field": "\n".join(item.rows), "options": options}

    def read(self, item: shapes.ShapeItem, reply: str) -> Reading:
        """Return the number that is the answer; published: the first in the reply."""
        if self.fair:
            found = re.fullmatch(r"\d{1,9}", final_word(reply))
        else:
            found = re.search(r"\b\d+\b", reply)
        if found is None:
            return Reading(None, "no number of an answer was given")
        number = found[0].lstrip("0") or "0"
        if len(number) > 1 or int(number) >= len(item.options):
            return Reading(None, f"there is no answer {number[:9]}")
        return Reading(int(number))

    def fault(self, item: shapes.ShapeItem, value: int) -> str | None:
        """Compare with the figure drawn."""
        if value == item.right:
            return None
        return f"a {item.options[value]} in place of a {item.options[item.right]}"


class LclValidity(Puzzle):
    """Is a construct valid?"""

    name = "lcl_validity"

    def __init__(self, preset: Preset, total: int, seed: int) -> None:
        super().__init__(preset, total, seed)
        self.unreadable = None if self.fair else "invalid"  # as published

    def _baselines(self) -> list[Baseline]:
        def at_random(item: lcl.Construct, rng: Random) -> str:
            return self._say(rng.choice(("valid", "invalid")))

        def checker(item: lcl.Construct, rng: Random) -> str:
            return self._say(self._truth(item))

        def shortcut(item: lcl.Construct, rng: Random) -> str:
            return self._say("valid" if item[0][:2] == (0, 0) else "invalid")

        return [
            Baseline("random", at_random),
            Baseline("exact", checker),
            Baseline("shortcut: first piece at (0, 0)", shortcut),
        ]

    def _truth(self, item: lcl.Construct) -> str:
        return "valid" if lcl.fault(item) is None else "invalid"

    def item(self, number: int) -> lcl.Construct:
        """Return a construct."""
        return lcl.validity_item(number, self.total, self.seed, self.fair)

    def fields(self, item: lcl.Construct) -> dict[str, str]:
        """Return the construct in LCL."""
        return {"pieces": lcl.lcl_text(item)}

    def read(self, item: lcl.Construct, reply: str) -> Reading:
        """Return ``valid`` or ``invalid``; published: the word alone."""
        word = (final_word(reply) if self.fair else reply.strip()).lower()
        if word not in ("valid", "invalid"):
            return Reading(None, "the answer is neither valid nor invalid")
        return Reading(word)

    def fault(self, item: lcl.Construct, value: str) -> str | None:
        """Compare with the checker."""
        truth = self._truth(item)
        return None if value == truth else f"it is {truth} ({lcl.fault(item) or 'no fault'})"


@dataclass(frozen=True)
class Building:
    """A building task: how many pieces; fair: one that must be among them."""

    count: int
    given: lcl.Piece | None


class LclConstruction(Puzzle):
    """Build a valid construct."""

    name = "lcl_construction"

    def _baselines(self) -> list[Baseline]:
        def strewn(item: Building, rng: Random) -> str:
            pieces = [item.given] if item.given else []
            x, y, _ = item.given or (0, 0, "red")
            while len(pieces) < item.count:
                place = (x + rng.randint(-4, 4), y + rng.randint(-2, 2))
                pieces.append((*place, rng.choice(lcl.COLOURS)))
            return self._say(lcl.lcl_text(pieces))

        def tower(item: Building, rng: Random) -> str:
            x, y, colour = item.given or (0, 0, "red")
            return self._say(lcl.lcl_text([(x, y + k, colour) for k in range(item.count)]))

        return [Baseline("random", strewn), Baseline("exact", tower)]

    def item(self, number: int) -> Building:
        """Return three pieces as published, or a count and a piece to use."""
        if not self.fair:
            return Building(3, None)
        return Building(*lcl.construction_item(number, self.seed))

    def fields(self, item: Building) -> dict[str, str]:
        """Return the count and the piece."""
        return {"count": str(item.count), "given": str(item.given)}

    def read(self, item: Building, reply: str) -> Reading:
        """Return the construct in the reply."""
        try:
            text = final_answer(reply) if self.fair else reply
            return Reading(lcl.read_construct(text, strict=not self.fair))
        except lcl.ConstructError as error:
            return Reading(None, str(error))

    def fault(self, item: Building, value: lcl.Construct) -> str | None:
        """Check it; the published test does not count the pieces."""
        if item.given is None:
            return lcl.fault(value)
        return lcl.construction_fault(value, item.count, item.given)


@dataclass(frozen=True)
class Molecule:
    """A molecule and its drawing."""

    smiles: str
    drawing: tuple[str, ...]


class Smiles(Puzzle):
    """Which molecule is drawn?  Answers are equal if their canonical SMILES are."""

    name = "smiles"

    def _baselines(self) -> list[Baseline]:
        def another(item: Molecule, rng: Random) -> str:
            return self._say(smiles.random_smiles(rng))

        def reader(item: Molecule, rng: Random) -> str:
            return self._say(smiles.read_drawing(item.drawing))

        return [Baseline("random", another), Baseline("reader", reader)]

    def item(self, number: int) -> Molecule:
        """Return a molecule."""
        return Molecule(*smiles.molecule_item(number, self.seed, self.fair))

    def fields(self, item: Molecule) -> dict[str, str]:
        """Return the drawing."""
        return {"drawing": "\n".join(item.drawing)}

    def read(self, item: Molecule, reply: str) -> Reading:
        """Return the SMILES in the reply."""
        text = reply.strip()
        if self.fair:
            text = final_word(reply)
        if not text or len(text) > smiles.LONGEST:
            return Reading(None, f"no text of 1 to {smiles.LONGEST} characters")
        if smiles.canonical_smiles(text) is None:
            return Reading(None, "not a SMILES")
        return Reading(text)

    def fault(self, item: Molecule, value: str) -> str | None:
        """Compare canonical forms."""
        same = smiles.canonical_smiles(value) == smiles.canonical_smiles(item.smiles)
        return None if same else f"another molecule than {item.smiles}"

    def details(self, item: Molecule, value: str) -> dict[str, float]:
        """Return similarity and Levenshtein distance of canonical forms, as published."""
        given, truth = (
            smiles.canonical_smiles(value) or "",
            smiles.canonical_smiles(item.smiles) or "",
        )
        return {
            "similarity": smiles.dice_similarity(given, truth),
            "levenshtein": smiles.levenshtein(given, truth),
        }


PUZZLES: dict[str, type[Puzzle]] = {
    puzzle.name: puzzle for puzzle in (Shapes, LclValidity, LclConstruction, Smiles)
}
