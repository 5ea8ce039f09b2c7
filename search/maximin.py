"""Depth-limited maximin over a few suggested actions for each player.

The caller suggests the actions of both players and evaluates the leaves, all of them together; the
search grows the tree and backs the values up: the player takes the best, the opponent the worst for
the player.  Where both move at once the opponent replies to each action knowing it, so that the
value is a guarantee against the suggested actions.  Every leaf has a state of its own.  Chance is
drawn once at each node.  For a few dozen leaves: it works on ``State`` objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from plywise.games.base import CHANCE, NO_ACTION, SIMULTANEOUS, State

Pair = tuple[int, int]
"""The player's action and the opponent's; NO_ACTION where one has nothing to decide."""


class Suggest(Protocol):
    """Suggests actions to search."""

    def __call__(self, node: Node, who: int) -> Sequence[int]:
        """Return at least one legal action of player ``who`` in the node, the best first."""


@dataclass
class Node:
    """A position of the tree.

    Attributes:
        state: state of this node alone.
        line: joint actions since the root.
        depth: decisions of the player still to come before a leaf.
        children: child nodes by joint action, in the order of suggestion.
        value: value for the player, in [-1, 1]; the caller sets it for leaves.
    """

    state: State
    line: tuple[Pair, ...]
    depth: int
    children: dict[Pair, Node] = field(default_factory=dict)
    value: float = 0.0


def grow(state: State, player: int, depth: int, suggest: Suggest, rng: Random) -> Node:
    """Return the tree below ``state``, ``depth`` decisions of ``player`` deep.

    A leaf is a position before a decision of the player, or a final one: the opponent's moves after
    the last decision belong to the tree.  Values of final positions are set.
    """
    root = Node(state.clone(), (), depth)
    level = [root]
    while level:  # level by level: suggestions near the root come first
        level = [child for node in level for child in _expand(node, player, suggest, rng)]
    return root


def _expand(node: Node, player: int, suggest: Suggest, rng: Random) -> list[Node]:
    mover = node.state.current_player()
    if node.state.is_terminal():
        node.value = float(node.state.returns()[player])
        return []
    if mover != 1 - player and node.depth == 0:
        return []
    choices = []
    for who in (player, 1 - player):
        decides = mover == who or (mover == SIMULTANEOUS and node.state.legal_actions(who))
        choices.append(suggest(node, who) if decides else [NO_ACTION])
    own, other = choices
    below = node.depth if mover == 1 - player else node.depth - 1
    for a in own:
        for b in other:
            state = node.state.clone()
            if mover == SIMULTANEOUS:
                state.apply_actions((a, b) if player == 0 else (b, a))
            else:
                state.apply_action(a if mover == player else b)
            while state.current_player() == CHANCE:
                state.apply_action(state.draw_chance(rng))
            node.children[a, b] = Node(state, (*node.line, (a, b)), below)
    return list(node.children.values())


def leaves(root: Node) -> list[Node]:
    """Return the leaves that are not final, each once, from left to right."""
    if not root.children:
        return [] if root.state.is_terminal() else [root]
    return [leaf for child in root.children.values() for leaf in leaves(child)]


def back_up(node: Node) -> None:
    """Set the values of all inner nodes from those of the leaves."""
    for child in node.children.values():
        back_up(child)
    if node.children:
        node.value = max(own_values(node).values())


def own_values(node: Node) -> dict[int, float]:
    """Return the value of each of the player's actions against the worst reply."""
    worst: dict[int, float] = {}
    for (own, _), child in node.children.items():
        worst[own] = min(worst.get(own, 1.0), child.value)
    return worst


def principal_variation(root: Node, action: int) -> list[int]:
    """Return the line of ``action``: best actions and worst replies, without absent choices."""
    line: list[int] = []
    node, best = root, action
    while node.children:
        replies = {pair: child for pair, child in node.children.items() if pair[0] == best}
        pair = min(replies, key=lambda p: replies[p].value)
        line += [a for a in pair if a != NO_ACTION]
        node = node.children[pair]
        values = own_values(node)
        best = max(values, key=lambda a: values[a], default=NO_ACTION)
    return line
