"""Which moves a species can have, exported from the pinned package.

``showdown/learnsets.json.gz`` is written by ``showdown/priors.js`` from Showdown's
``Dex.species.getMovePool``: moves of generation 9 by any means, those of pre-evolutions included.
"""

from functools import cache
from itertools import accumulate

from plywise.datasets.showdown_data import load, read_json_gz
from plywise.datasets.tables_in_use import tables_folder


@cache
def _tables() -> tuple[list[str], dict[str, list[int]]]:
    raw = read_json_gz(tables_folder() / "learnsets.json.gz")
    return raw["moves"], raw["species"]


@cache
def learnset(species: str) -> frozenset[str]:
    """Return the move ids that a species id can have; empty for one that is not known.

    Raises:
        PlywiseError: the file is missing or damaged.
    """
    moves, species_table = _tables()
    # Each number is the distance from the one before.
    steps = species_table.get(load().cosmetic.get(species, species), [])
    return frozenset(moves[i] for i in accumulate(steps))
