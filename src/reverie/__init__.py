"""Reverie learns P(X) of business data and generates new data that behaves like the real thing."""
