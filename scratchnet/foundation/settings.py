"""What Keras's global settings are here: the default dtype, and where lines go."""

from __future__ import annotations

floatx = "float32"
interactive_logging = True
