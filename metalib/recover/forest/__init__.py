"""Recovery from a printed forest plot: row by row, then what weights and pooled line say of all rows together."""
