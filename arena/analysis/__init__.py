"""The analysis of a game that was played: where each choice stood, what it cost, what was better.

``plywise analyse`` reads a battle's log, a record of our own, or a board game (``sources.py``),
makes the decisions of one player or both of it (``battles.py``, ``boards.py``), searches each again
(``searching.py``, ``estimates.py``), and shows the table (``table.py``) and the page (``page.py``).
Nothing here plays.
"""
