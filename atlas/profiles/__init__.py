"""What was measured: matrices and profiles, what is fresh, what a plan comes to."""
