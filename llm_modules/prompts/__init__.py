"""Prompts and the parsing of replies: texts, answer forms, examples, scores of option letters.

Imports ``calls`` only; nothing here sends a request.
"""
