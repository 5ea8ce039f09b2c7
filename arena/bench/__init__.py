"""Measurements of speed and strength (``plywise bench``), each a function of its settings."""
