"""Battle states and the outside: dumps, teams, seeds, descriptions.

Plain Python: no kernel belongs here.  Kernels' modules do not import it.
"""
