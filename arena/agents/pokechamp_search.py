"""The agent of the PokéChamp paper, on every game.

*PokéChamp: an Expert-level Minimax Language Agent* (Karten, Nguyen and Jin 2025, arXiv 2503.04094):
a language model samples the actions of both players beside what tools suggest, and values the
leaves of a depth-limited maximin.  Here the opponent minimises, every leaf is a position of its
own, and the search's result is played.  Where the model gives no answer, the tools and the rules'
own evaluation replace it; the decision's notes count how often.
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
from plywise.arena.agents.pokechamp_answers import Answers, ModelAnswers, StandInAnswers
from plywise.games.base import NO_ACTION, State
from plywise.llm_modules.guides.call_log import last_error
from plywise.llm_modules.guides.dialogue import Dialogue
from plywise.llm_modules.guides.format_fallback import WRITING, EndpointMode
from plywise.llm_modules.players.methods import MethodConfig, QuestionContext
from plywise.llm_modules.players.pokechamp import Sampled
from plywise.llm_modules.prompts.prompting import Prompts
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
from plywise.search.time_management import LEAST_SECONDS

if TYPE_CHECKING:
    from plywise.arena.guidance.language_model import LanguageModel
    from plywise.engine.kernels import RulesKernels
    from plywise.llm_modules.guides.stand_in import StandIn

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PokeChampConfig:
    """Depth and width of the tree.

    Attributes:
        depth: the player's decisions on the way to a leaf.
        actions: actions that the model samples for each player at a node; the tools add their best.
        worlds: sampled states, each with a tree of its own; their values are averaged.
    """

    depth: int = 1
    actions: int = 3
    worlds: int = 1


class PokeChampAgent(TimedAgent):
    """Plays the action with the best value against the worst reply.

    ``notes["pokechamp"]`` counts the examined actions and the leaves by source, and
    ``notes["fallback"]`` says so where nothing of a decision came from the model.

    Args:
        kernels: the game's compiled rules, for the tools and the evaluation; None: none.
        measure: value of what an action does in one step; None: the rules' own evaluation.
        stand_in: answers in place of a model; None: ``model`` is asked.
    """

    def __init__(
        self,
        name: str,
        model: LanguageModel,
        config: PokeChampConfig,
        seconds: float | None,
        kernels: RulesKernels | None,
        measure: Measure | None = None,
        stand_in: StandIn | None = None,
    ) -> None:
        if seconds is None:
            seconds = model.asked.timeout if stand_in is None else None
        super().__init__(name, seconds)
        self._timeout = seconds
        self.config = config
        self._client = None if stand_in is not None else model.client()
        self._stand_in = stand_in
        self._guides = model.guide_config()
        self._prompts = Prompts()
        self._endpoint_mode = EndpointMode(WRITING)
        self._kernels = kernels
        self._measure = measure

    def decide_within(
        self, state: State, player: int, seed: int, allowed: float | None
    ) -> Decision:
        """Return the best of the examined actions."""
        start = time.perf_counter()
        legal = state.legal_actions(player)
        if len(legal) == 1:
            return Decision.forced(legal[0])
        timeout = self._timeout if allowed is None else max(LEAST_SECONDS, allowed)
        builder = _TreeBuilder(
            self._answers(state, player, seed, timeout),
            self.config,
            self._kernels,
            self._measure,
            player,
            Random(seed),
        )
        roots = builder.trees(state)
        source = builder.value_leaves(roots)
        for root in roots:
            back_up(root)
        by_world = [own_values(root) for root in roots]
        values = {a: sum(world[a] for world in by_world) / len(roots) for a in by_world[0]}
        action = max(values, key=lambda a: values[a])
        return Decision(
            action=action,
            strategy={a: float(a == action) for a in legal},
            values=values,
            value=values[action],
            principal_variation=principal_variation(roots[0], action),
            iterations=builder.counts["nodes"],
            depth=self.config.depth,
            seconds=time.perf_counter() - start,
            notes=self._notes(builder, source),
        )

    def _answers(self, state: State, player: int, seed: int, timeout: float | None) -> Answers:
        """Return whom a decision asks, for ``timeout`` seconds at most."""
        if self._client is None:
            assert self._stand_in is not None
            return StandInAnswers(self._stand_in, player, self.config.actions, seed)
        deadline = time.monotonic() + (self._timeout or 0.0 if timeout is None else timeout)
        context = QuestionContext(
            dialogue=Dialogue(self._client, self._endpoint_mode, self._guides.max_calls, deadline),
            prompts=self._prompts,
            briefing=state.briefing(player),
            limits=self._guides.limits,
            config=MethodConfig("tot", samples=self.config.actions),
            seed=seed,
        )
        return ModelAnswers(context, state, player)

    def _notes(self, builder: _TreeBuilder, source: str) -> dict[str, Any]:
        """Return the notes of a decision whose leaves are valued by ``source``."""
        counts = builder.counts
        report, transcript = builder.answers.report, builder.answers.transcript
        valued = 1 if source == "model" else 0
        report.used = counts["own: model"] + counts["replies: model"] + valued
        notes: dict[str, Any] = {
            "guide": report,
            "transcript": transcript,
            "pokechamp": {**counts, "worlds": self.config.worlds, "leaves valued by": source},
        }
        if not report.used:
            why = last_error(transcript) or "no answer in time"
            notes["fallback"] = f"played by the tools alone: {why}"
            log.warning("%s: %s", self.name, notes["fallback"])
        return notes


@dataclass
class _TreeBuilder:
    """One decision: the suggested actions, counted by source."""

    answers: Answers
    config: PokeChampConfig
    kernels: RulesKernels | None
    measure: Measure | None
    player: int
    rng: Random
    counts: Counter[str] = field(default_factory=Counter)

    def trees(self, state: State) -> list[Node]:
        """Return a grown tree for each world; all have the same actions of the player."""
        at_root = self.answers.actions(state)
        own: tuple[int, ...] = ()
        roots = []
        for _ in range(self.config.worlds):
            suggestions = _Suggestions(self, at_root, own)
            here = state.view(self.player).resample_from_infostate(self.player, self.rng)
            roots.append(grow(here, self.player, self.config.depth, suggestions, self.rng))
            own = tuple(dict.fromkeys(pair[0] for pair in roots[0].children))
        return roots

    def value_leaves(self, roots: Sequence[Node]) -> str:
        """Set the value of every leaf; return the source: "model", "evaluation" or "nobody"."""
        below = [(root, leaf) for root in roots for leaf in leaves(root)]
        found = [leaf for _, leaf in below]
        self.counts["leaves"] = len(found)
        texts = [_leaf_text(root, leaf, self.player) for root, leaf in below]
        positions = [leaf.state for leaf in found]
        values = self.answers.values(positions, texts) if found else []
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
        """Return the actions of ``who`` in the order of the rules' own tools, best first.

        First the one that does most in one step and the one that is likeliest by the rules'
        priors, then the remaining actions by what they do.
        """
        legal = state.legal_actions(who)
        if self.kernels is None or len(legal) < 2:
            return self.rng.sample(legal, len(legal))
        pool = state.flat()
        measure = self.measure or partial(static_value, self.kernels)
        return suggested(self.kernels, pool, who, legal, self.rng, measure)

    def ask(self, state: State, depth: int) -> Sampled:
        """Return the model's samples at an inner node, none where no calls are left for it."""
        width = (self.config.actions + 1) ** 2
        if not self.answers.can_ask(self.config.worlds * width**self.config.depth):
            self.counts["nodes not asked about"] += 1
            return Sampled()
        return self.answers.actions(state)


class _Suggestions:
    """The actions of one tree (``search.maximin.Suggest``).

    The model samples both players' actions where the player decides; where players move in turn,
    its samples for the opponent are the replies that come after.
    """

    def __init__(self, builder: _TreeBuilder, at_root: Sampled, own: tuple[int, ...]) -> None:
        self._builder = builder
        self._own = own
        self._sampled: dict[tuple[Pair, ...], Sampled] = {(): at_root}

    def __call__(self, node: Node, who: int) -> list[int]:
        """Return the model's samples and the tools' best; without samples the tools' first ones."""
        builder = self._builder
        ours = who == builder.player
        if ours and not node.line and self._own:
            return list(self._own)
        builder.counts["nodes"] += 1
        legal = node.state.legal_actions(who)
        decided_at = node.line
        if node.state.current_player() == 1 - builder.player:
            decided_at = node.line[:-1]  # a reply to the player's decision before
        elif decided_at not in self._sampled:
            self._sampled[decided_at] = builder.ask(node.state, node.depth)
        sampled = self._sampled.get(decided_at, Sampled())
        named = [a for a in (sampled.own if ours else sampled.replies) if a in legal]
        tools = builder.tools(node.state, who)
        if named:
            tools = [a for a in tools if a not in named][:1]
        else:
            tools = tools[: builder.config.actions]
        side = "own" if ours else "replies"
        builder.counts[f"{side}: model"] += len(named)
        builder.counts[f"{side}: tools"] += len(tools)
        return named + tools


def _leaf_text(root: Node, leaf: Node, player: int) -> str:
    """Return a leaf as text for the model: the moves that led there, and the player's view."""
    node, moves = root, []
    for pair in leaf.line:
        names = [
            node.state.action_to_string(who, action)
            for who, action in zip((player, 1 - player), pair, strict=True)
            if action != NO_ACTION
        ]
        moves.append(" v ".join(names))
        node = node.children[pair]
    return f"After {', '.join(moves)}:\n{leaf.state.situation_string(player)}"
