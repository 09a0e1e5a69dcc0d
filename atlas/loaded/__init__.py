"""A model in torch: its weights from disk, the live model, tokens and passages."""
