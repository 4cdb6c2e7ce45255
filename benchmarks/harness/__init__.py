"""The method: each library in a process of its own, in turns; and what is made of it."""
