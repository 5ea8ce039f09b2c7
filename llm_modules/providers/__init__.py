"""Chat clients and what they need: OpenAI-compatible endpoints, the embedded server, mock, replay.

Imports ``calls`` only.
"""
