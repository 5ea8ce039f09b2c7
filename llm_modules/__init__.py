"""The language model: client, embedded server, the three guides, and a player."""
