"""How good are the predictions? Truth beside prediction, figures, mistakes, and a page to look at them."""
