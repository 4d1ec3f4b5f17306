"""One module a family of official layouts: lines in, rows out, and what is wrong with a line."""
