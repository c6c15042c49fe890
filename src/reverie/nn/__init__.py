"""Neural networks: the one training loop and what families share. Needs the extra `neural`."""
