"""What every room may use: names, shapes, checks, files, random numbers, memory."""
