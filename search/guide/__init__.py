"""Advice to a search: the protocol, polling, trust in answers, when to ask."""
