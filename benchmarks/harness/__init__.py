"""The method: a process for each library, turns, and what is made of their times."""
