"""Files of replays: where logs of battles come from, and the table that is made of them.

- ``sources``: log text, the replay site's JSON and pages, JSON Lines, Parquet, one log at a time;
- ``units``: shares of such files, of a size that one worker reads in seconds;
- ``schema``: the columns of the table of decisions, and its writer.

What the logs say is read in ``games/gen9/replays``; nothing here knows it.
"""
