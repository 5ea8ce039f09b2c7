"""Parts of logs of battles that tests read."""

HEAD = """|player|p1|Ann|1|1700
|player|p2|Bob|2|
|teamsize|p1|6
|teamsize|p2|6
|gametype|singles
|gen|9
|tier|[Gen 9] Random Battle
|start
|switch|p1a: Blissey|Blissey, L85, F|100/100
|switch|p2a: Garchomp|Garchomp, L83, M|100/100
|turn|1
"""
"""Of a random battle, until its first decision."""
