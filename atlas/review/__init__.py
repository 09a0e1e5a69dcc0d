"""What is wrong, what a change does, which claims hold."""
