"""Advice for searches: the configured language model, the trust in it, when it is asked.

Agents are built in a room above; ``search.guide`` has the protocol between search and guide.
"""
