"""Tables of another Showdown release: its package, what is exported of it, and what has changed.

The command (``plywise data update``) is in ``arena/cli/``; which tables are in use is decided in
``datasets/tables_in_use.py``.  Nothing here plays a battle.
"""
