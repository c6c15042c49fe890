"""Columns in, blocks out, and back: inference of the schema, and one codec a column type."""
