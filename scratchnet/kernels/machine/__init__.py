"""What makes kernels fast: registers, threads, and what is handed to Numba."""
