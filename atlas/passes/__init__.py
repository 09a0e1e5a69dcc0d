"""Passages through a live model: observed, in micro-batches, with blocks left out."""
