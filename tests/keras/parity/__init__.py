"""scratchnet beside Keras, live; every module skips where Keras is not installed."""
