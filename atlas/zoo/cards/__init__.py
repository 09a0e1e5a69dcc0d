"""What reference models have learned, measured and told."""
