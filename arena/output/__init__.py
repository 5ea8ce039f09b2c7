"""Where results go: the screen, files, and the digest of the code that made them.

Every "cannot write" is worded here.  Imports nothing of ``arena``.
"""
