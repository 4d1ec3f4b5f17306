"""What console thinks: from events to documents, from documents to what people see. Pure."""
