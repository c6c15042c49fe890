"""What data is: columns, tables, relations, constraints, and the blocks that models see."""
