"""How reference models are trained."""
