"""Replays steps that the real simulator recorded, and compares the states."""
