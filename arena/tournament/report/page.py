"""The HTML report of a tournament: its data and its file; ``assets/report.js`` draws it.

One file holds everything and is readable without a network.

All games are listed.  Board games that the page can draw itself (tic-tac-toe, Connect Four) are
replayed in the browser from their actions, every one of them; of other games a sample, spread
evenly over the record, comes with text of each position, up to ``_REPLAY_BYTES`` in all.  Values
and advice come with the same sample.  The page takes every name as text, never as markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import metadata
from math import isfinite
from pathlib import Path
from typing import Any

from plywise.arena.output.files import plain, write_whole
from plywise.arena.output.html import asset_page
from plywise.arena.play.replay import recorded_game, server_views, states_of
from plywise.arena.tournament.identity import identity_digest
from plywise.arena.tournament.pool_ratings import ratings_of, ratings_over
from plywise.arena.tournament.standings import Standings
from plywise.arena.tournament.store import FinishedGame, GameStore
from plywise.conf.schemas.tournament import TournamentGroup
from plywise.games.base import SIMULTANEOUS, TERMINAL, Game

_REPLAY_BYTES = 8_000_000
_PLANNED = ("replays", "anchor", "anchor_rating", "virtual_draws")
_DRAWN = ("tic_tac_toe", "connect_four")  # by report.js
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def write_report(
    store: GameStore, path: Path, replays: int | None = None, game: Game | None = None
) -> Path:
    """Write the report of a record and return its path.

    Args:
        store: the record.
        path: the page.
        replays: number of games with values and text; None: as the tournament was set.
        game: the record's rules; None: what :func:`game_of` returns.

    Raises:
        RecordFileError: the disk refuses it.
        ReplayError: the record was played by other rules.
        UnaskedGameError: the record names a file as its rules, and ``game`` is not given.
    """
    page = render_page(report_data(store, replays, game))
    write_whole(path, page)
    return path


def render_page(data: dict[str, Any]) -> str:
    """Return the page: its body, style and script, and the data as JSON."""
    return asset_page("plywise.arena.tournament.report", "report", data)


def game_of(store: GameStore, asked: str | None = None) -> Game:
    """Return the rules of a record.

    ``asked``, and what is raised: see :func:`~plywise.arena.play.replay.recorded_game`.
    """
    parameters = dict(store.identity["game"])
    digest = store.identity.get("game_file", "")
    return recorded_game(parameters.pop("name"), parameters, asked, digest)


def report_data(
    store: GameStore, replays: int | None = None, game: Game | None = None
) -> dict[str, Any]:
    """Return all data of the page, as plain values; see :func:`write_report`."""
    plan = store.plan()
    total = int(plan.get("total", 0))
    games = [g for g in store.games() if not total or g.number < total]
    described = store.identity["game"]
    game = game or game_of(store)
    standings = Standings(store.titles, games)
    kept = plan.get("group", {})
    group = TournamentGroup(**{key: kept[key] for key in _PLANNED if key in kept})
    wanted = group.replays if replays is None else replays
    rated = ratings_of(games, store.titles, group)
    where = " on a Showdown server" if "server" in store.identity else ""
    return {
        "title": f"{described['name']}{where}: {len(store.titles)} agents, {len(games)} games",
        "version": metadata.version("plywise"),
        "code": store.identity["code"],
        "hash": identity_digest(store.identity),
        "record": store.path.name,
        "settings": {k: v for k, v in store.identity.items() if k != "agents"},
        "total": total or len(games),
        "agents": _agents(standings, rated, store),
        "rated": {
            "warnings": list(rated.warnings) if rated else ["no game has a result yet"],
            "anchor": rated.anchor if rated else "",
            "first": plain(rated.first_advantage) if rated else None,
            "draw": rated.draw_rate if rated else None,
        },
        "cross": _cross(standings),
        "over": ratings_over(games, store.titles, group),
        "faults": len(store.faults()),
        "board": _board(game, described),
        "games": _columns(games, drawn=described["name"] in _DRAWN),
        "replays": dict(_replays(store, game, games, wanted)),
    }


def _agents(standings: Standings, rated: Any, store: GameStore) -> list[dict[str, Any]]:
    found = []
    described = store.identity["agents"]
    for index, (title, standing) in enumerate(zip(standings.titles, standings.agents, strict=True)):
        rating = next((p for p in rated.players if p.player == title), None) if rated else None
        tally, effort = standing.tally, standing.effort
        found.append(
            {
                "title": title,
                "index": index,
                "rating": _finite(rating.rating) if rating else None,
                "low": _finite(rating.low) if rating else None,
                "high": _finite(rating.high) if rating else None,
                "shown": _shown(rating),
                "group": rating.group if rating else 0,
                "superiority": _finite(rating.superiority_to_next) if rating else None,
                "wins": tally.wins,
                "draws": tally.draws,
                "losses": tally.losses,
                "without": tally.errors,
                "score": tally.interval.value if tally.games else None,
                "seconds": effort.mean,
                "longest": effort.longest,
                "decisions": effort.decisions,
                "effort": plain(effort),
                "settings": {k: v for k, v in described[index].items() if k != "title"},
            }
        )
    order = [p.player for p in rated.players] if rated else standings.titles
    place = {title: i for i, title in enumerate(order)}
    return sorted(found, key=lambda a: (place.get(a["title"], len(place)), a["index"]))


def _finite(value: float) -> float | None:
    return round(value, 3) if isfinite(value) else None


def _shown(rating: Any) -> str:
    if rating is None or rating.rating != rating.rating:
        return "–"
    if not isfinite(rating.rating):
        return "∞" if rating.rating > 0 else "−∞"
    placed = "" if isfinite(rating.high - rating.low) else "≈ "
    return f"{placed}{rating.rating:+.0f}".replace("-", "−")


def _cross(standings: Standings) -> list[list[list[float] | None]]:
    """Return [row][column] (share of points, games) of each agent against each."""
    n = len(standings.titles)
    table: list[list[list[float] | None]] = [[None] * n for _ in range(n)]
    for (first, second), tally in standings.pairings.items():
        if tally.games:
            table[first][second] = [round(tally.share, 4), tally.games]
            table[second][first] = [round(1 - tally.share, 4), tally.games]
    return table


def _board(game: Game, described: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the page needs to draw every position itself; None if it cannot."""
    if described["name"] not in _DRAWN:
        return None
    state = game.new_initial_state()
    names = [state.action_to_string(0, a) for a in state.legal_actions(0)]
    size = {"rows": described.get("rows", 3), "columns": described.get("columns", 3)}
    return {"kind": described["name"], "names": names} | size


def _columns(games: Sequence[FinishedGame], *, drawn: bool) -> dict[str, list[Any]]:
    """Return the games as columns, far smaller than a mapping for each."""
    return {
        "number": [g.number for g in games],
        "first": [g.players[0] for g in games],
        "second": [g.players[1] for g in games],
        "seed": [g.seed for g in games],
        "result": [g.result for g in games],
        "plies": [g.plies for g in games],
        "seconds": [round(g.seconds, 3) for g in games],
        "attempts": [g.attempts for g in games],
        "error": [g.error for g in games],
        "actions": [
            "".join(_DIGITS[max(pair)] for pair in g.moves()) if drawn else "" for g in games
        ],
    }


def sample(count: int, wanted: int) -> list[int]:
    """Return up to ``wanted`` of ``range(count)``, spread evenly, first and last among them."""
    if count <= wanted:
        return list(range(count))
    if wanted < 2:
        return list(range(wanted))
    return [round(i * (count - 1) / (wanted - 1)) for i in range(wanted)]


def _replays(
    store: GameStore, game: Game, games: Sequence[FinishedGame], wanted: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (number, positions and thoughts) of a sample, until the page would grow too large."""
    room = _REPLAY_BYTES
    played = [g for g in games if g.plies]
    drawn = game.info.name in _DRAWN
    for place in sample(len(played), wanted):
        one = played[place]
        replay: dict[str, Any] = {"trace": store.trace(one.number)}
        if "server" in store.identity:
            replay |= server_views(replay["trace"], one.plies)
            replay["trace"] = _thoughts(replay["trace"])
        elif not drawn:
            replay |= _text(game, one, replay["trace"])
        room -= len(json.dumps(replay, ensure_ascii=False))
        if room < 0:
            return
        if not drawn or replay["trace"]:
            yield str(one.number), replay


def _thoughts(trace: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a server's trace without what :func:`told` has taken from it."""
    stripped = [{k: v for k, v in entry.items() if k not in "ocm"} for entry in trace]
    return [entry for entry in stripped if len(entry) > 2]


def _text(game: Game, one: FinishedGame, trace: list[dict[str, Any]]) -> dict[str, Any]:
    """Return each position as both players see it, and the names of actions."""
    frames: list[list[str]] = []
    moves: list[list[str]] = []
    names: list[list[dict[str, str]]] = []
    thoughts = {(entry["p"], entry["w"]): entry for entry in trace}
    actions = one.moves()
    for ply, state in enumerate(states_of(game, one.seed, actions)):
        both = game.info.hidden_information
        frames.append([state.observation_string(p) for p in ((0, 1) if both else (0,))])
        if ply == len(actions):
            break
        mover = state.current_player()
        due = (0, 1) if mover == SIMULTANEOUS else () if mover == TERMINAL else (mover,)
        moves.append(["", ""])
        names.append([{}, {}])
        for player in due:
            action = actions[ply][player]
            if action < 0:
                continue
            moves[-1][player] = state.action_to_string(player, action)
            thought = thoughts.get((ply, player), {})
            mentioned = {*thought.get("s", {}), *thought.get("q", {})}
            mentioned |= {
                a
                for e in thought.get("a", ())
                if e["question"] != "model"
                for a in e.get("weights", {})
            }
            names[-1][player] = {
                str(a): state.action_to_string(player, a)
                for a in state.legal_actions(player)
                if str(a) in mentioned
            }
    return {"frames": frames, "moves": moves, "names": names}
