"""The subscribers' book: read, kept, answered, and asked whom an alert is for (ADR 27)."""
