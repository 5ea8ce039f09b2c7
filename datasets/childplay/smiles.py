"""GtS, Guess-the-SMILES: molecules drawn in ASCII, to be written in SMILES.

Needs the packages RDKit and selfies (``pip install 'plywise[smiles]'``).  Source of the recipe:
``molecule_app/make_dataset.py`` of the published repository: 30 random SELFIES symbols, molecules
of 10 to 15 atoms (hydrogens included), bond orders removed; coordinates of RDKit's coordgen at 40
pixels a bond, rounded to 14 pixels; atoms as letters, ``*`` in the middle of each bond.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from random import Random
from typing import Any

LONGEST = 200  # characters of a reply that are read as SMILES
_SYMBOLS, _FEWEST, _MOST = 30, 10, 15
_UNUSUAL = ("[=B]", "[#B]", "[=P]", "[#P]", "[#S]", "[Cl]", "[Br]", "[I]")
_CANVAS, _BOND, _STEP = 300, 40, 14  # pixels
_LEAST_HEAVY = 5


def missing() -> str | None:
    """Return None where everything is installed, else what to install."""
    absent = [name for name in ("rdkit", "selfies") if find_spec(name) is None]
    if not absent:
        return None
    return f"{' and '.join(absent)} not installed: pip install 'plywise[smiles]'"


def canonical_smiles(text: str) -> str | None:
    """Return the canonical form of a SMILES, or None where it is none."""
    molecule = _molecule(text.strip())
    return None if molecule is None else str(_chem().MolToSmiles(molecule))


def dice_similarity(one: str, other: str) -> float:
    """Return the Dice similarity of two SMILES' Morgan fingerprints, radius 2, counts kept.

    Raises:
        ValueError: one of them is no SMILES.
    """
    molecules = [_molecule(one), _molecule(other)]
    if None in molecules:
        raise ValueError("not a SMILES")
    generator = import_module("rdkit.Chem.rdFingerprintGenerator").GetMorganGenerator(radius=2)
    first, second = (generator.GetSparseCountFingerprint(m) for m in molecules)
    return float(import_module("rdkit.DataStructs").DiceSimilarity(first, second))


def levenshtein(one: str, other: str) -> int:
    """Return how many letters must be put in, taken out or changed to get from one to the other."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, wanted in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != wanted))
    return row[-1]


def molecule_item(number: int, seed: int, fair: bool) -> tuple[str, tuple[str, ...]]:
    """Return a molecule and its drawing.

    Fair: of five atoms at least, with every atom and bond visible, so that the drawing determines
    the molecule (:func:`read_drawing` gets it back), and without the empty margin.
    """
    rng = Random(f"{seed}/smiles/{number}")
    while True:
        smiles = random_smiles(rng)
        drawing = draw_molecule(smiles)
        if not fair:
            return smiles, drawing
        molecule = _molecule(smiles)
        heavy = 0 if molecule is None else int(molecule.GetNumAtoms())
        if heavy >= _LEAST_HEAVY and read_drawing(drawing) == canonical_smiles(smiles):
            return smiles, _trimmed(drawing)


def random_smiles(rng: Random) -> str:
    """Return a random molecule with single bonds only."""
    selfies, chem = import_module("selfies"), _chem()
    alphabet = _alphabet()
    while True:
        text = selfies.decoder("".join(rng.choices(alphabet, k=_SYMBOLS)))
        molecule = _molecule(text)
        if molecule is None or not _FEWEST <= molecule.GetNumAtoms(onlyExplicit=False) <= _MOST:
            continue
        smiles = str(chem.MolToSmiles(molecule, kekuleSmiles=True))
        smiles = smiles.replace("#", "").replace("=", "")
        # Several molecules that do not hang together cannot be drawn as one.
        if "H" not in smiles and "." not in smiles and _molecule(smiles) is not None:
            return smiles


@cache
def _alphabet() -> tuple[str, ...]:
    symbols = sorted(import_module("selfies").get_semantic_robust_alphabet())
    return tuple(s for s in symbols if s not in _UNUSUAL and "+" not in s and "-" not in s)


def draw_molecule(smiles: str) -> tuple[str, ...]:
    """Return the drawing of a molecule as lines; cells are two characters apart."""
    molecule = _molecule(smiles)
    if molecule is None:
        raise ValueError(f"{smiles!r} is no SMILES")
    import_module("rdkit.Chem.rdCoordGen").AddCoords(molecule)
    drawer = import_module("rdkit.Chem.Draw.rdMolDraw2D").MolDraw2DSVG(_CANVAS, _CANVAS)
    drawer.drawOptions().fixedBondLength = _BOND
    drawer.DrawMolecule(molecule)
    drawer.FinishDrawing()
    points = [drawer.GetDrawCoords(k) for k in range(molecule.GetNumAtoms())]
    spots = [(round(p.x / _STEP), round(p.y / _STEP)) for p in points]
    least = min(min(spot) for spot in spots)
    # Everything stands on a grid of half steps, where the middle of a bond has a place too.
    doubled = [(2 * (x - least), 2 * (y - least)) for x, y in spots]
    cells: dict[tuple[int, int], str] = {}
    for bond in molecule.GetBonds():
        (x, y), (u, v) = doubled[bond.GetBeginAtomIdx()], doubled[bond.GetEndAtomIdx()]
        cells[(x + u) // 2, (y + v) // 2] = "*"
    for k in reversed(range(len(doubled))):  # of atoms on one spot the first is seen
        cells[doubled[k]] = molecule.GetAtomWithIdx(k).GetSymbol()
    side = range(2 * (max(max(spot) for spot in spots) + 1) + 1)
    return tuple(" ".join(cells.get((x, y), " ") for x in side) for y in side)


def read_drawing(lines: Sequence[str]) -> str | None:
    """Return a drawing's canonical SMILES: a star joins the nearest atoms opposite each other."""
    marks = {
        (column, row): mark
        for row, line in enumerate(lines)
        for column, mark in enumerate(line[::2])
        if mark != " "
    }
    atoms = [spot for spot, mark in sorted(marks.items()) if mark != "*"]
    chem = _chem()
    molecule = chem.RWMol()
    index = {spot: molecule.AddAtom(chem.Atom(marks[spot])) for spot in atoms}
    for (x, y), mark in marks.items():
        if mark != "*":
            continue
        pairs = [
            ((u - x) ** 2 + (v - y) ** 2, (u, v), (2 * x - u, 2 * y - v))
            for u, v in atoms
            if (u, v) < (2 * x - u, 2 * y - v) and (2 * x - u, 2 * y - v) in index
        ]
        if not pairs:
            return None
        _, one, other = min(pairs)
        if molecule.GetBondBetweenAtoms(index[one], index[other]) is not None:
            return None
        molecule.AddBond(index[one], index[other], chem.BondType.SINGLE)
    with _quiet():
        return canonical_smiles(chem.MolToSmiles(molecule))


def _trimmed(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the drawing without its margin; cells stay two characters apart."""
    used = [line.rstrip() for line in lines]
    while not used[0]:
        used.pop(0)
    while not used[-1]:
        used.pop()
    margin = min(len(line) - len(line.lstrip()) for line in used if line)
    return tuple(line[margin - margin % 2 :] for line in used)


def _molecule(text: str) -> Any:
    if not text:
        return None
    with _quiet():
        return _chem().MolFromSmiles(text)


def _chem() -> Any:
    return import_module("rdkit.Chem")


def _quiet() -> Any:
    """Return a context in which RDKit does not write to stderr; a bad SMILES is expected here."""
    return import_module("rdkit.rdBase").BlockLogs()
