"""``python -m scratchnet`` is the ``scratchnet`` command."""

import sys

from scratchnet.cli import main

sys.exit(main())
