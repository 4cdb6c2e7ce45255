"""``python -m scratchnet`` is the ``scratchnet`` command."""

import sys

from scratchnet.commands.cli import main

sys.exit(main())
