"""Agents and everything that people start: play, matches, tournaments, ratings, measurements.

Rooms by height; one imports only rooms below it, never a neighbour of its own height
(``tests/system/test_architecture.py``):

9  ``cli``
8  ``analysis``
7  ``tournament``
6  ``terminal``, ``showdown``, ``selfplay.py``, ``bench``, ``fit``
5  ``prediction``
4  ``play``
3  ``agents``, ``childplay``, ``llm_calibration``
2  ``guidance``, ``ratings``, ``verify``, ``replays``
1  ``output``, ``settings.py``
"""
