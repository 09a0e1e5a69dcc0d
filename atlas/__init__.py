"""Model Atlas: profiles language models and publishes what it measured as a static site."""

__version__ = "0.1.0"
