"""Fits of weights to self-play: evaluation, priors, the compiler's branch weights."""
