"""What a battle shows of a set without saying it, as plain values, and how a set explains it.

Hits and orders are noted by ``games/gen9/tracking`` and weighed by ``games/gen9/likelihood``;
neither is imported here.
"""
