"""The Hydra configuration: one folder per group, one primary file per command."""
