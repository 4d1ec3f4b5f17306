"""Shows what is going on and takes what people decide."""
