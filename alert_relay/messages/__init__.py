"""Every message of the relay on one page of the documents."""
