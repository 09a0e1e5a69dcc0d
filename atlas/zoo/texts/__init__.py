"""The texts that reference models are trained on."""
