"""Names, postcodes and districts to places: the port, an in-memory index, and loaders of official files."""
