"""Notebooks and scripts written for Keras, turned into ones for scratchnet.

`source` reads and writes their cells, `names` knows where names of Keras and TensorFlow
are found here, `convert` walks the code, `scopes` says what its names stand for,
`arguments` and `imports` are written as of today by `edits`, and `check` asks the
package itself what is missing.
"""
