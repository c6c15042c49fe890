"""How good and how private synthetic data is, measured on data the model never saw."""
