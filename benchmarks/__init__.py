"""Benchmarks: scratchnet beside Keras and PyTorch, and its kernels side by side.

Each is one command, ``python -m benchmarks.train_step`` and so on; see README.md.
"""
