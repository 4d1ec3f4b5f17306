"""Sends each alert to each recipient once, and keeps the ledger."""
