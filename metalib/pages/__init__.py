"""Results on the pages of a book: tables, figures, glued numbers, the explorer."""
