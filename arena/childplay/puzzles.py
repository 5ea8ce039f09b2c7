"""ChildPlay tasks of one question each: shapes, LCL and Guess-the-SMILES."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass
from random import Random
from typing import Any

from plywise.arena.childplay.session import (
    ExamTask,
    ItemSession,
    ParsedReply,
    Participant,
    text_baseline,
)
from plywise.datasets.childplay import lcl, shapes, smiles
from plywise.datasets.childplay.presets import Preset
from plywise.games.childplay import final_answer, final_word


class Puzzle(ExamTask):
    """Task whose items are one question each.

    Attributes:
        fair: whether the corrected rules apply, instead of the published ones.
        items: all items, made before the first question.
        unreadable: answer that an illegal reply counts as; None: a wrong answer.
    """

    unreadable: Any = None

    def __init__(self, preset: Preset, total: int, seed: int) -> None:
        self.fair = preset.fair
        super().__init__(preset, total, seed)
        self.items = [self._item(number) for number in range(total)]

    def run(self, session: ItemSession, number: int) -> None:
        """Ask question ``number`` and set its result."""
        item = self.items[number]
        value = session.ask(self.name, self._fields(item), item, lambda r: self._read(item, r))
        if value is None and self.unreadable is None:
            session.outcome.judge(False)
            return
        wrong = self._fault(item, self.unreadable if value is None else value)
        session.outcome.judge(wrong is None, wrong or "")
        if value is not None:
            session.outcome.details.update(self._details(item, value))

    @abstractmethod
    def _item(self, number: int) -> Any:
        """Return the item with this number, which depends on the seed only."""

    @abstractmethod
    def _fields(self, item: Any) -> dict[str, str]:
        """Return the fields of the prompt."""

    @abstractmethod
    def _read(self, item: Any, reply: str) -> ParsedReply:
        """Return the parsed answer, or the reason why the reply is illegal."""

    @abstractmethod
    def _fault(self, item: Any, value: Any) -> str | None:
        """Return the fault of an answer; None: it is right."""

    def _details(self, item: Any, value: Any) -> dict[str, float]:
        """Return further figures of an answer."""
        return {}


class Shapes(Puzzle):
    """Recognition of a figure; the answer is the number of an option."""

    name = "shapes"

    def _baselines(self) -> list[Participant]:
        def random_answer(item: shapes.ShapeItem, rng: Random) -> str:
            return self._answer(rng.randrange(len(item.options)))

        def reader(item: shapes.ShapeItem, rng: Random) -> str:
            kind = shapes.recognise(item.rows)
            return self._answer("none" if kind is None else item.options.index(kind))

        return [text_baseline("random", random_answer), text_baseline("exact", reader)]

    def _item(self, number: int) -> shapes.ShapeItem:
        return shapes.shape_item(number, self.seed, self.fair)

    def _fields(self, item: shapes.ShapeItem) -> dict[str, str]:
        options = "\n".join(f"{k}: {option}" for k, option in enumerate(item.options))
        return {"field": "\n".join(item.rows), "options": options}

    def _read(self, item: shapes.ShapeItem, reply: str) -> ParsedReply:
        """Return the number of the option; in the published rules the first in the reply."""
        if self.fair:
            found = re.fullmatch(r"\d{1,9}", final_word(reply))
        else:
            found = re.search(r"\b\d+\b", reply)
        if found is None:
            return ParsedReply(None, "the reply has no number of an answer")
        number = found[0].lstrip("0") or "0"
        if len(number) > 1 or int(number) >= len(item.options):
            return ParsedReply(None, f"there is no answer {number[:9]}")
        return ParsedReply(int(number))

    def _fault(self, item: shapes.ShapeItem, value: int) -> str | None:
        if value == item.right:
            return None
        return f"a {item.options[value]} instead of a {item.options[item.right]}"


class LclValidity(Puzzle):
    """Validity of a construct."""

    name = "lcl_validity"

    def __init__(self, preset: Preset, total: int, seed: int) -> None:
        super().__init__(preset, total, seed)
        self.unreadable = None if self.fair else "invalid"  # as published

    def _baselines(self) -> list[Participant]:
        def random_answer(item: lcl.Construct, rng: Random) -> str:
            return self._answer(rng.choice(("valid", "invalid")))

        def checker(item: lcl.Construct, rng: Random) -> str:
            return self._answer(self._truth(item))

        def shortcut(item: lcl.Construct, rng: Random) -> str:
            return self._answer("valid" if item[0][:2] == (0, 0) else "invalid")

        return [
            text_baseline("random", random_answer),
            text_baseline("exact", checker),
            text_baseline("shortcut: first piece at (0, 0)", shortcut),
        ]

    def _truth(self, item: lcl.Construct) -> str:
        return "valid" if lcl.fault(item) is None else "invalid"

    def _item(self, number: int) -> lcl.Construct:
        return lcl.validity_item(number, self.total, self.seed, self.fair)

    def _fields(self, item: lcl.Construct) -> dict[str, str]:
        return {"pieces": lcl.lcl_text(item)}

    def _read(self, item: lcl.Construct, reply: str) -> ParsedReply:
        """Return ``valid`` or ``invalid``; in the published rules the reply must be this word."""
        word = (final_word(reply) if self.fair else reply.strip()).lower()
        if word not in ("valid", "invalid"):
            return ParsedReply(None, "the answer is neither valid nor invalid")
        return ParsedReply(word)

    def _fault(self, item: lcl.Construct, value: str) -> str | None:
        truth = self._truth(item)
        return None if value == truth else f"it is {truth} ({lcl.fault(item) or 'no fault'})"


@dataclass(frozen=True)
class Building:
    """Building task.

    Attributes:
        count: number of pieces.
        given: piece that must be used; None: any pieces (published rules).
    """

    count: int
    given: lcl.Piece | None


class LclConstruction(Puzzle):
    """Construction of a valid construct."""

    name = "lcl_construction"

    def _baselines(self) -> list[Participant]:
        def random_pieces(item: Building, rng: Random) -> str:
            pieces = [item.given] if item.given else []
            x, y, _ = item.given or (0, 0, "red")
            while len(pieces) < item.count:
                place = (x + rng.randint(-4, 4), y + rng.randint(-2, 2))
                pieces.append((*place, rng.choice(lcl.COLOURS)))
            return self._answer(lcl.lcl_text(pieces))

        def tower(item: Building, rng: Random) -> str:
            x, y, colour = item.given or (0, 0, "red")
            return self._answer(lcl.lcl_text([(x, y + k, colour) for k in range(item.count)]))

        return [text_baseline("random", random_pieces), text_baseline("exact", tower)]

    def _item(self, number: int) -> Building:
        """Return a task of three pieces (published rules), or of a count and a given piece."""
        if not self.fair:
            return Building(3, None)
        return Building(*lcl.construction_item(number, self.seed))

    def _fields(self, item: Building) -> dict[str, str]:
        return {"count": str(item.count), "given": str(item.given)}

    def _read(self, item: Building, reply: str) -> ParsedReply:
        """Return the construct in the reply."""
        try:
            text = final_answer(reply) if self.fair else reply
            return ParsedReply(lcl.read_construct(text, strict=not self.fair))
        except lcl.ConstructError as error:
            return ParsedReply(None, str(error))

    def _fault(self, item: Building, value: lcl.Construct) -> str | None:
        """Return the fault of a construct; the published rules do not count the pieces."""
        if item.given is None:
            return lcl.fault(value)
        return lcl.construction_fault(value, item.count, item.given)


@dataclass(frozen=True)
class Molecule:
    """A molecule and its drawing."""

    smiles: str
    drawing: tuple[str, ...]


class Smiles(Puzzle):
    """Recognition of a drawn molecule; answers are compared as canonical SMILES."""

    name = "smiles"

    def _baselines(self) -> list[Participant]:
        def random_molecule(item: Molecule, rng: Random) -> str:
            return self._answer(smiles.random_smiles(rng))

        def reader(item: Molecule, rng: Random) -> str:
            return self._answer(smiles.read_drawing(item.drawing))

        return [text_baseline("random", random_molecule), text_baseline("reader", reader)]

    def _item(self, number: int) -> Molecule:
        return Molecule(*smiles.molecule_item(number, self.seed, self.fair))

    def _fields(self, item: Molecule) -> dict[str, str]:
        return {"drawing": "\n".join(item.drawing)}

    def _read(self, item: Molecule, reply: str) -> ParsedReply:
        """Return the SMILES in the reply."""
        text = final_word(reply) if self.fair else reply.strip()
        if not text or len(text) > smiles.LONGEST:
            return ParsedReply(None, f"no text of 1 to {smiles.LONGEST} characters")
        if smiles.canonical_smiles(text) is None:
            return ParsedReply(None, "not a SMILES")
        return ParsedReply(text)

    def _fault(self, item: Molecule, value: str) -> str | None:
        same = smiles.canonical_smiles(value) == smiles.canonical_smiles(item.smiles)
        return None if same else f"another molecule than {item.smiles}"

    def _details(self, item: Molecule, value: str) -> dict[str, float]:
        """Return similarity and Levenshtein distance of the canonical forms."""
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
