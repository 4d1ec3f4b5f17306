"""What the notifier thinks: who is told, what remains to be sent, when to try again. Pure."""
