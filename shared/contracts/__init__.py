"""The contracts: every message that services exchange, as frozen pydantic models.

The one thing that services share. `catalog` knows all types, their subjects and their streams;
`schemas/` holds the generated JSON Schemas. Nothing here does input or output.
"""
