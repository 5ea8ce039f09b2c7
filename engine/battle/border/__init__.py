"""Where battle states meet the outside: dumps, teams, seeds, descriptions.  No kernels."""
