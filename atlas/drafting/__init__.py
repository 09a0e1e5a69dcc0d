"""New things: an entry drafted from a model's own files, a new project."""
