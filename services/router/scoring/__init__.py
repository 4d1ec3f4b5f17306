"""How good are the predictions? Truth beside prediction, the figures, the mistakes, a page to look at them."""
