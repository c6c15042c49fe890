"""From a fitted model to finished rows: conditions, constraints, the critic, partitions."""
