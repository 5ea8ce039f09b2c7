"""The dataclasses of all groups of settings, those of the agents among them."""

from __future__ import annotations

from plywise.arena.agents.catalog import CATALOG
from plywise.conf.listing import Schemas
from plywise.conf.registry import GROUP_SCHEMAS


def group_schemas() -> Schemas:
    """Return the dataclasses of each group, by the names that its YAML files use."""
    agents = {f"{name}_schema": spec.settings for name, spec in CATALOG.items()}
    return {**GROUP_SCHEMAS, "agent": agents, "opponent": agents}
