"""Notebooks and scripts written for Keras, turned into ones for scratchnet.

`source` reads and writes their cells, `names` knows where names of Keras and TensorFlow
are found here, `convert` walks the code, and `check` asks the package itself what of it
is missing.
"""
