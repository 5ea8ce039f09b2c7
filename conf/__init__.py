"""The settings: their dataclasses (``schemas``), and a folder of YAML files for each group."""
