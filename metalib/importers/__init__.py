"""Files of other programs, read as the data of a review."""
