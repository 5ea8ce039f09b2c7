"""Pokémon battles: generation 9 singles as kernels over one flat state.

Its big kernels compile apart (:mod:`plywise.engine.compile.units`), which has to be known before
any of them is imported.
"""

from plywise.datasets.fitted_weights import load_branches
from plywise.engine.battle.scratch import CHOICES, HITS
from plywise.engine.battle.state import BATTLE
from plywise.engine.compile.units import compile_apart

compile_apart(__name__, {"b": BATTLE, "hits": HITS, "choices": CHOICES}, load_branches)
