"""How good are the predictions? Truth beside prediction, the figures, and a page to look at mistakes."""
