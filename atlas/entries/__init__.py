"""What people write about a model: its entry, read strictly."""
