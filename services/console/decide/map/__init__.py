"""Maps that ask nobody: which part of the world they show, what is in it, and the same in words. Pure."""
