"""How a configured language model comes to advise a search: the model, its trust, when to ask.

Agents are built above; what a search asks of a guide stands in ``search.guide``.
"""
