"""Calls to a language model: values, settings, errors, budget, circuit breaker, answer store.

The contract of ``ChatClient`` stands here; whoever implements it belongs in ``providers``.
"""
