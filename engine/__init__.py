"""Rules of games as compiled kernels over flat states, and the compiler options they share.

``kernels`` is the contract with searches.  ``boards`` and ``battle`` hold one game each module or
folder, ``compile`` the decorators and caches.  Nothing here imports ``games``, ``search`` or
anything above them.
"""
