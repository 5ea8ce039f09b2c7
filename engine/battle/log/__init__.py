"""Logged events as lines of the simulator's protocol.

Plain Python: no kernel belongs here; :mod:`log_events` is what kernels call.
"""
