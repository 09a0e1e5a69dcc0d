"""Every head of every model: scores, relations, and the nearest ones of other models."""
