"""One self-contained page to look at mistakes: no request to anybody, no script, every text escaped."""
