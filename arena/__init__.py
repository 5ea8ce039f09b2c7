"""Agents, matches, tournaments, benchmarks and the command line."""
