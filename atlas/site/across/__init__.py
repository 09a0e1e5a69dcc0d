"""What several models say together: families, surveys, the map of models."""
