"""What priors of sets and teams are made of (``datasets/set_priors.py`` joins it).

Templates and their expansion, variations of curated sets and their weights, habits of team
building, teammates, and Smogon's usage statistics.  Imports nothing of what decides.
"""
