"""Ground layer: datasets, errors, randomness, discovery. Imports nothing else of Reverie."""
