"""Formal differential privacy: the account of a fit, its mechanisms, and the ledger of what was spent."""
