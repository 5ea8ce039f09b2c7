"""Where a tournament's games are played: this process, workers, a Ray cluster, a server.

Each task that is submitted to an :class:`~plywise.arena.tournament.executors.base.Executor` comes
back as exactly one outcome.  ``chunks.py`` decides how many games a worker gets at once.
"""
