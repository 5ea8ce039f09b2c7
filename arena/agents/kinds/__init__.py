"""One file for each agent: its name, words, settings, checks, and how it is made.

A module here ends with ``AGENTS``, its :class:`~plywise.arena.agents.spec.AgentSpec` objects; with
``conf/agent/NAME.yaml`` that is all a new agent needs.  Importing one must stay cheap: what loads
numba or a language model's client is imported when the agent is made.
"""
