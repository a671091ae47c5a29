"""How far a pooled result depends on studies, models and single patients."""
