"""The report form: plain pages for any phone, with or without JavaScript."""
