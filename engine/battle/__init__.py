"""Pokémon battles: generation 9 singles as kernels over one flat state.

``README.md`` shows the route of a turn and what each file does.  The kernels compile as one program
(:mod:`plywise.engine.compile.units`), which is declared here before any of them is imported.  No
module here knows ``games``, ``search`` or a language model.
"""

from plywise.datasets.fitted_weights import load_branches
from plywise.engine.battle.scratch import CHOICES, HITS
from plywise.engine.battle.state import BATTLE
from plywise.engine.compile.units import compile_separately

compile_separately(__name__, {"b": BATTLE, "hits": HITS, "choices": CHOICES}, load_branches)
