"""One game between agents: the loop, its record and trace, its replay, and why moves were chosen.

Knows neither people at a keyboard nor a server.
"""
