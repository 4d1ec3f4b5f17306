"""Names, postcodes and points to places: for the router, which judges, and the console, which searches."""
