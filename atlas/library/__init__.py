"""What `import atlas` offers: the numbers of an atlas in Python.

Its names are public through `atlas/__init__.py` alone; where they lie in here may change.
"""
