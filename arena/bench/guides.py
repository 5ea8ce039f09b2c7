"""``plywise bench guides``: decisions with a fuzzed model as guide; none may be illegal or late."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from random import Random
from typing import cast

import numpy as np

from plywise.arena.agents.battle_search import BattleAgent
from plywise.arena.agents.board_search import AlphaBetaAgent
from plywise.arena.agents.spec import Agent
from plywise.arena.bench.deadline import lateness
from plywise.arena.guidance.advised import Advised, make_consult
from plywise.arena.play.stepper import GameInProgress, decision_seed
from plywise.conf.schemas.bench import BenchConfig
from plywise.conf.schemas.search import AlphaBetaGroup, SimultaneousGroup
from plywise.datasets.processes.children import start_worker
from plywise.datasets.sums import add_fields
from plywise.games.base import NO_ACTION, Game, State
from plywise.games.registry import make_game
from plywise.llm_modules.calls.settings import LLMConfig
from plywise.llm_modules.guides.guides import GuideConfig, LLMConsultant
from plywise.llm_modules.providers.fuzz import Fuzz
from plywise.llm_modules.providers.mock import MockEndpoint
from plywise.llm_modules.providers.openai import LLMClient
from plywise.search.guide.protocol import GuideReport, Question

ADVISED_GAMES = ("tic_tac_toe", "connect_four", "gen9randombattle", "battleship")


def bench_guides(config: BenchConfig) -> dict[str, float]:
    """Let a fuzzed model advise searches with ``config.seconds`` a decision in four games.

    Each decision's state comes from random play; decisions with one legal action do not count.

    Returns:
        the number of decisions, of illegal ones, of those more than 20 ms late and of those whose
        guide failed; the median, the 99th percentile and the maximum of the lateness in
        milliseconds; the questions to the model by outcome; its answers by kind of fault.
    """
    seconds, decisions, seed = config.seconds, config.decisions, config.seed
    late: list[float] = []
    illegal = broken = 0
    report = GuideReport()
    with _without_warnings("plywise.llm"), _fuzzed_endpoint(seed, seconds) as (address, answers):
        endpoint = LLMConfig(
            address, "fuzz", timeout=2.0 * seconds, max_retries=1, cache_entries=0,
            pause_after=3, pause_seconds=2.0 * seconds,
        )  # fmt: skip
        with LLMClient(endpoint) as client:
            for number, name in enumerate(ADVISED_GAMES):
                game = make_game(name)
                # A fallback to a simpler format is permanent: each game has a new consultant.
                trust = dict.fromkeys((question.value for question in Question), 1.0)
                consultant = LLMConsultant(client, GuideConfig(trust=trust))
                game.prepare_briefings()
                agent = _agent(game, consultant, seconds)
                wanted = decisions // len(ADVISED_GAMES) + (number < decisions % len(ADVISED_GAMES))
                states = _positions(game, Random(f"{seed}/{name}"))
                for _ in range(wanted):
                    state, player, own = next(states)
                    start = time.perf_counter()
                    decision = agent.decide(state, player, own)
                    late.append(time.perf_counter() - start - seconds)
                    illegal += decision.action not in state.legal_actions(player)
                    broken += "guide_error" in decision.notes
                    add_fields(report, decision.notes.get("guide", GuideReport()))
                agent.close()
        given = answers()
    ways = {f"answers_{name.replace(' ', '_')}": float(n) for name, n in given.items()}
    return {
        **lateness(np.array(late)),
        "decisions_illegal": float(illegal),
        "guides_broken": float(broken),
        "calls": float(report.calls),
        "calls_late": float(report.late),
        "calls_failed": float(report.failed),
        "answers_used": float(report.used),
        "answers_of_no_use": float(report.ignored),
        **ways,
    }


@contextmanager
def _fuzzed_endpoint(
    seed: int, seconds: float
) -> Iterator[tuple[str, Callable[[], dict[str, int]]]]:
    """Serve the fuzzed model from a process of its own, like any model.

    Yields its address, and a function that returns the number of its answers by kind.
    """
    ours, theirs = Pipe()
    process = start_worker(_serve, theirs, seed, seconds)
    theirs.close()

    def answers() -> dict[str, int]:
        ours.send("answers")
        return cast("dict[str, int]", ours.recv())

    try:
        yield ours.recv(), answers
    finally:
        ours.close()
        process.kill()
        process.join()


def _serve(pipe: Connection, seed: int, seconds: float) -> None:
    fuzz = Fuzz(seed, slow=seconds)
    with MockEndpoint(fuzz) as endpoint, suppress(EOFError):
        pipe.send(endpoint.base_url)
        while pipe.recv():
            pipe.send(dict(fuzz.answers))


@contextmanager
def _without_warnings(logger: str) -> Iterator[None]:
    """Suppress a logger's warnings: the faults are intended here."""
    log = logging.getLogger(logger)
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _agent(game: Game, consultant: LLMConsultant, seconds: float) -> Agent:
    kernels = game.kernels()
    assert kernels is not None
    advised = Advised(make_consult(consultant, seconds))
    if game.info.simultaneous or game.info.hidden_information:
        return BattleAgent("fuzzed", kernels, SimultaneousGroup(seconds=seconds), advised)
    return AlphaBetaAgent("fuzzed", kernels, AlphaBetaGroup(seconds=seconds), advised)


def _positions(game: Game, random: Random) -> Iterator[tuple[State, int, int]]:
    """Yield (state, player, seed) of decisions with a choice, from random games, endlessly."""
    while True:
        progress = GameInProgress(game, random.getrandbits(32))
        while not progress.state.is_terminal():
            chosen = [NO_ACTION, NO_ACTION]
            for player in progress.due():
                legal = progress.state.legal_actions(player)
                if len(legal) > 1:
                    seed = decision_seed(progress.seed, progress.ply, player)
                    yield progress.state, player, seed
                chosen[player] = random.choice(legal)
            progress.apply(chosen)
