"""The published site: pages, figures and data, made of entries and profiles."""
