"""``python -m plywise.arena.cli``: the same as the command ``plywise``."""

import sys

from plywise.arena.cli.main import main

sys.exit(main())
