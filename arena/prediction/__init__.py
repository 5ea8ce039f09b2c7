"""Prediction of what players choose: battles of mixed agents as logs, predictors, their scores.

What belongs here reads tables of decisions (``datasets/replays``) or makes the battles behind them;
what a policy is made of stands in ``games/gen9/opponents``.  ``bench`` and ``cli`` call it.
"""
