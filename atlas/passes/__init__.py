"""Passages through a live model: observed, in micro-batches, with layers or blocks left out."""
