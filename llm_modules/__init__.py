"""Language models: calls, providers, prompts, the three guides, models that play alone.

``calls`` < ``providers`` and ``prompts`` < ``guides`` < ``players``; a test keeps this order.
Nothing here imports kernels or settings of ``conf``.
"""
