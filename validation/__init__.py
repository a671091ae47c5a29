"""Comparison with other programs, and the R programs that made the golden numbers: see ``README.md``."""
