"""``agent=pokechamp``: the paper's agent, on every game.

*PokéChamp: an Expert-level Minimax Language Agent* (Karten, Nguyen and Jin 2025, arXiv 2503.04094):
a language model samples the actions of both players beside what tools suggest, and values the
leaves of a depth-limited maximin.  Here the opponent minimises, every leaf is a position of its
own, and the search's result is what is played.  Where the model is silent the tools and the rules'
own evaluation stand in for it, counted in the decision's notes.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from plywise.arena.agents.clocked import TimedAgent
from plywise.games.base import NO_ACTION, GameInfo, State
from plywise.llm_modules.guides.dialogue import Dialogue
from plywise.llm_modules.guides.format_fallback import WRITING, Ladder
from plywise.llm_modules.guides.ledger import last_error
from plywise.llm_modules.players.methods import Desk, MethodConfig
from plywise.llm_modules.players.pokechamp import (
    Sampled,
    calls_for_values,
    sample_actions,
    value_positions,
)
from plywise.llm_modules.prompts.prompting import Prompts
from plywise.search.clock import LEAST_SECONDS, BattleClock
from plywise.search.decision import Decision
from plywise.search.maximin import (
    Node,
    Pair,
    back_up,
    grow,
    leaves,
    own_values,
    principal_variation,
)
from plywise.search.one_step import Measure, static_value, suggested

if TYPE_CHECKING:
    from plywise.arena.guidance.language_model import LanguageModel
    from plywise.conf.schemas.agents import AgentConfig
    from plywise.engine.kernels import RulesKernels

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PokeChampConfig:
    """How far and how wide the tree is.

    Attributes:
        depth: own decisions that it looks ahead.
        actions: that the model samples for each player at a node; the tools add their best one.
        worlds: drawn from what the player knows, each with a tree of its own; their values are
            averaged.
    """

    depth: int = 1
    actions: int = 3
    worlds: int = 1


def champ_config(entrant: AgentConfig, rules: GameInfo) -> PokeChampConfig:
    """Return how far and how wide the tree is, as the agent's settings say.

    Where nothing is hidden and nothing left to chance all worlds would be the same one.
    """
    worlds = entrant.worlds if rules.hidden_information or rules.stochastic else 1
    given = {"depth": entrant.max_depth, "actions": entrant.actions, "worlds": worlds}
    return PokeChampConfig(**{key: value for key, value in given.items() if value is not None})


class PokeChampAgent(TimedAgent):
    """Plays the action with the best value against the worst answer.

    ``notes["pokechamp"]`` counts, by source, the actions that were looked at and the leaves, and
    ``notes["fallback"]`` says so where nothing of a decision came from the model.

    Args:
        kernels: the game's compiled rules, for the tools and the evaluation; None: none.
        measure: of what an action does in one step; None: the rules' own evaluation.
    """

    def __init__(
        self,
        name: str,
        model: LanguageModel,
        config: PokeChampConfig,
        seconds: float | None,
        kernels: RulesKernels | None,
        measure: Measure | None = None,
    ) -> None:
        self.name = name
        self.config = config
        self._timeout = model.asked.timeout if seconds is None else seconds
        self._client = model.client()
        self._guides = model.guide_config()
        self._prompts = Prompts()
        self._ladder = Ladder(WRITING)
        self._kernels = kernels
        self._measure = measure

    def new_clock(self) -> BattleClock:
        """Return the clock for one battle."""
        return BattleClock(self._timeout)

    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return the best of the actions looked at."""
        start = time.perf_counter()
        legal = state.legal_actions(player)
        if len(legal) == 1:
            return Decision.forced(legal[0])
        timeout = self._timeout if allowed is None else max(LEAST_SECONDS, allowed)
        dialogue = Dialogue(
            self._client, self._ladder, self._guides.max_calls, time.monotonic() + timeout
        )
        briefing = state.briefing(player)
        method = MethodConfig("tot", samples=self.config.actions)
        desk = Desk(dialogue, self._prompts, briefing, self._guides.limits, method, seed)
        thought = _Thought(desk, self.config, self._kernels, self._measure, player, Random(seed))
        roots = thought.trees(state)
        source = thought.value_leaves(roots)
        for root in roots:
            back_up(root)
        values = _averaged(roots)
        action = max(values, key=lambda a: values[a])
        return self._decision(thought, roots, source, values, action, legal, start)

    def _decision(
        self,
        thought: _Thought,
        roots: Sequence[Node],
        source: str,
        values: dict[int, float],
        action: int,
        legal: Sequence[int],
        start: float,
    ) -> Decision:
        ledger = thought.desk.dialogue.ledger
        ledger.report.used = thought.counts["own: model"] + thought.counts["replies: model"]
        ledger.report.used += source == "model"
        notes: dict[str, Any] = {
            "guide": ledger.report,
            "transcript": ledger.transcript,
            "pokechamp": {**thought.counts, "worlds": len(roots), "leaves valued by": source},
        }
        if not ledger.report.used:
            why = last_error(ledger.transcript) or "no answer in time"
            notes["fallback"] = f"played by the tools alone: {why}"
            log.warning("%s: %s", self.name, notes["fallback"])
        return Decision(
            action=action,
            strategy={a: float(a == action) for a in legal},
            values=values,
            value=values[action],
            principal_variation=principal_variation(roots[0], action),
            iterations=thought.counts["nodes"],
            depth=self.config.depth,
            seconds=time.perf_counter() - start,
            notes=notes,
        )


@dataclass
class _Thought:
    """One decision: who suggests what, and how often."""

    desk: Desk
    config: PokeChampConfig
    kernels: RulesKernels | None
    measure: Measure | None
    player: int
    rng: Random
    counts: Counter[str] = field(default_factory=Counter)

    def trees(self, state: State) -> list[Node]:
        """Return a grown tree for each world; all look at the same own actions."""
        at_root = sample_actions(self.desk, self.desk.briefing)
        own: tuple[int, ...] = ()
        roots = []
        for _ in range(self.config.worlds):
            suggestions = _Suggestions(self, at_root, own)
            here = state.view(self.player).resample_from_infostate(self.player, self.rng)
            roots.append(grow(here, self.player, self.config.depth, suggestions, self.rng))
            own = tuple(dict.fromkeys(pair[0] for pair in roots[0].children))
        return roots

    def value_leaves(self, roots: Sequence[Node]) -> str:
        """Set the value of every leaf; return who valued them: "model", "evaluation", "nobody"."""
        below = [(root, leaf) for root in roots for leaf in leaves(root)]
        found = [leaf for _, leaf in below]
        self.counts["leaves"] = len(found)
        texts = [_told(root, leaf, self.player) for root, leaf in below]
        values = value_positions(self.desk, texts) if found else []
        source = "model"
        if values is None and self.kernels is not None:
            source = "evaluation"
            values = [static_value(self.kernels, leaf.state.flat(), self.player) for leaf in found]
        elif values is None:
            source, values = "nobody", [0.0] * len(found)
        for leaf, value in zip(found, values, strict=True):
            leaf.value = value
        return source

    def tools(self, state: State, who: int) -> list[int]:
        """Return the actions of ``who`` that the rules' own tools would look at, best first.

        The one that does most in one step, and the one that the rules' priors find likeliest, then
        the others by what they do.
        """
        legal = state.legal_actions(who)
        if self.kernels is None or len(legal) < 2:
            return self.rng.sample(legal, len(legal))
        pool = state.flat()
        measure = self.measure or partial(static_value, self.kernels)
        return suggested(self.kernels, pool, who, legal, self.rng, measure)

    def ask(self, state: State, depth: int) -> Sampled:
        """Return what the model samples at an inner node, as far as calls are left for it."""
        width = (self.config.actions + 1) ** 2
        kept = calls_for_values(self.config.worlds * width**self.config.depth)
        if self.desk.dialogue.ledger.left - 2 < kept:
            self.counts["nodes not asked about"] += 1
            return Sampled()
        return sample_actions(self.desk, state.briefing(self.player))


class _Suggestions:
    """The actions of one tree (``search.maximin.Suggest``).

    The model samples both players' actions where the player decides; where players move in turn,
    its samples for the opponent are the replies that come after.
    """

    def __init__(self, thought: _Thought, at_root: Sampled, own: tuple[int, ...]) -> None:
        self._thought = thought
        self._own = own
        self._sampled: dict[tuple[Pair, ...], Sampled] = {(): at_root}

    def __call__(self, node: Node, who: int) -> list[int]:
        """Return what the model samples, and the tools' best; without samples the tools' first."""
        thought = self._thought
        ours = who == thought.player
        if ours and not node.line and self._own:
            return list(self._own)
        thought.counts["nodes"] += 1
        legal = node.state.legal_actions(who)
        decided_at = node.line
        if node.state.current_player() == 1 - thought.player:
            decided_at = node.line[:-1]  # a reply to the player's decision before
        elif decided_at not in self._sampled:
            self._sampled[decided_at] = thought.ask(node.state, node.depth)
        sampled = self._sampled.get(decided_at, Sampled())
        named = [a for a in (sampled.own if ours else sampled.replies) if a in legal]
        tools = thought.tools(node.state, who)
        if named:
            tools = [a for a in tools if a not in named][:1]
        else:
            tools = tools[: thought.config.actions]
        side = "own" if ours else "replies"
        thought.counts[f"{side}: model"] += len(named)
        thought.counts[f"{side}: tools"] += len(tools)
        return named + tools


def _averaged(roots: Sequence[Node]) -> dict[int, float]:
    """Return the mean over the worlds of what each own action is worth."""
    by_world = [own_values(root) for root in roots]
    return {a: sum(values[a] for values in by_world) / len(roots) for a in by_world[0]}


def _told(root: Node, leaf: Node, player: int) -> str:
    """Return a leaf as the model is shown it: what led there, and what the player sees."""
    node, moves = root, []
    for pair in leaf.line:
        names = [
            node.state.action_to_string(who, action)
            for who, action in zip((player, 1 - player), pair, strict=True)
            if action != NO_ACTION
        ]
        moves.append(" v ".join(names))
        node = node.children[pair]
    return f"After {', '.join(moves)}:\n{leaf.state.observation_string(player)}"
