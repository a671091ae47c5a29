"""From counts to pooled results."""
