"""The lines of Team Preview (``data/rulesets.ts: teampreview``)."""

import re
from typing import Any

from plywise.datasets.battle_formats import BattleFormat
from plywise.engine.battle.log.labels import Labels, details_text

_UNCROWNED = re.compile("(Zacian|Zamazenta)(?!-Crowned)")
_HIDDEN = re.compile(
    "(Greninja|Gourgeist|Pumpkaboo|Xerneas|Silvally|Urshifu|Dudunsparce)(-[a-zA-Z?-]+)?"
)


def preview_lines(state: Any, labels: Labels, format: BattleFormat) -> list[str]:
    """Return the lines from the format's name to Team Preview's end, as both players see them."""
    lines = [f"|tier|{format.name}", "|clearpoke"]
    for s, side in enumerate(state["sides"]):
        for k in range(int(side["team_size"])):
            lines.append(f"|poke|p{s + 1}|{_details(side['mons'][k], labels, s, k)}|")
    picked = f"|{format.picked_team_size}" if format.picked_team_size else ""
    return [*lines, f"|teampreview{picked}"]


def _details(mon: Any, labels: Labels, s: int, k: int) -> str:
    name = labels.species_name(int(mon["species"]), s, k)
    hidden = _HIDDEN.sub(r"\1-*", _UNCROWNED.sub(r"\1-*", name))
    return details_text(hidden, int(mon["level"]), int(mon["flag_bits"]))
