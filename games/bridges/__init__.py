"""Bridges to other libraries: OpenSpiel's games here, our games as PettingZoo environments."""
