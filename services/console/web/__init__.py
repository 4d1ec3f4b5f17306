"""The public pages and feeds: what everybody may see, in words, as a map and as a feed."""
