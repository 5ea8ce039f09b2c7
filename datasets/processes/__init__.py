"""Processes: how a command ends at a signal, the children that end with it, its temporary files.

Every floor may import this room; it knows nothing but the standard library and ``filelock``.

- ``signals``: SIGINT, SIGTERM and SIGHUP end a command in the same orderly way.
- ``children``: programs and workers that end by themselves when their parent has gone.
- ``temporary``: folders and files that the next start removes, however their owner ended.
"""
