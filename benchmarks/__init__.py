"""How long metalib takes, and how long other programs take for the same: ``make bench``."""
