"""Depth-limited maximin over a few suggested actions for each player.

Somebody else suggests the actions of both players and values the leaves, all of them together; the
search grows the tree and backs the values up: the player takes the best, the opponent what is worst
for the player.  Where both move at once the opponent answers each action knowing it, so that the
value is one the player can be sure of against the actions looked at.  Every leaf has a state of its
own.  Chance is drawn once at each node.  For a few dozen leaves: it works on ``State`` objects.
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
    """Names actions worth a look."""

    def __call__(self, node: Node, who: int) -> Sequence[int]:
        """Return legal actions of ``who`` in the node's state, at least one, the best first."""


@dataclass
class Node:
    """A position of the tree.

    Attributes:
        state: of this node alone.
        line: what was played since the root.
        depth: decisions of the player still to come before a leaf.
        children: by the actions that lead to them, in the order of suggestion.
        value: for the player, in [-1, 1]; of a leaf whoever values it sets it.
    """

    state: State
    line: tuple[Pair, ...]
    depth: int
    children: dict[Pair, Node] = field(default_factory=dict)
    value: float = 0.0

    @property
    def final(self) -> bool:
        """Whether the game has ended here."""
        return self.state.is_terminal()


def grow(state: State, player: int, depth: int, suggest: Suggest, rng: Random) -> Node:
    """Return the tree below ``state``, ``depth`` decisions of ``player`` deep.

    A leaf stands before a decision of the player, or where the game has ended: what the opponent
    plays after the last decision belongs to the tree.  Values of final positions are set.
    """
    root = Node(state.clone(), (), depth)
    level = [root]
    while level:  # level by level, so that the nodes next to the root are asked about first
        level = [child for node in level for child in _expand(node, player, suggest, rng)]
    return root


def _expand(node: Node, player: int, suggest: Suggest, rng: Random) -> list[Node]:
    mover = node.state.current_player()
    if node.final:
        node.value = float(node.state.returns()[player])
        return []
    if mover != 1 - player and node.depth == 0:
        return []
    choices = []
    for who in (player, 1 - player):
        decides = mover == who or (mover == SIMULTANEOUS and node.state.legal_actions(who))
        choices.append(suggest(node, who) if decides else [NO_ACTION])
    own, other = choices
    below = node.depth - (mover != 1 - player)
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
    """Return the leaves at which the game goes on, each once, from left to right."""
    if not root.children:
        return [] if root.final else [root]
    return [leaf for child in root.children.values() for leaf in leaves(child)]


def back_up(node: Node) -> None:
    """Set the values of all inner nodes from those of the leaves."""
    for child in node.children.values():
        back_up(child)
    if node.children:
        node.value = max(own_values(node).values())


def own_values(node: Node) -> dict[int, float]:
    """Return what each of the player's actions is worth here against the worst answer to it."""
    worst: dict[int, float] = {}
    for (own, _), child in node.children.items():
        worst[own] = min(worst.get(own, 1.0), child.value)
    return worst


def principal_variation(root: Node, action: int) -> list[int]:
    """Return the line of ``action``, then best actions and worst answers, of who had to decide."""
    line: list[int] = []
    node, best = root, action
    while node.children:
        answers = {pair: child for pair, child in node.children.items() if pair[0] == best}
        pair = min(answers, key=lambda p: answers[p].value)
        line += [a for a in pair if a != NO_ACTION]
        node = node.children[pair]
        values = own_values(node)
        best = max(values, key=lambda a: values[a], default=NO_ACTION)
    return line
