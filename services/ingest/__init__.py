"""Takes reports from the world and answers only once they are stored."""
