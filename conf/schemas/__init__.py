"""The settings as dataclasses: one per option of a group, one per command."""
