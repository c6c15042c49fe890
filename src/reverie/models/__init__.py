"""Model families behind one interface: fit on blocks, sample blocks."""
