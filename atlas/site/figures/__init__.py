"""Figures as a page shows them before any script runs, and what scripts fill."""
