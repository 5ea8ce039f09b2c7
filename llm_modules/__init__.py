"""Language models: providers, calls, prompts, the three guides, models that play alone.

``providers`` < ``calls`` and ``prompts`` < ``guides`` and ``players``.  Knows no kernels.
"""
