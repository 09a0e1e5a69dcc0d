"""The analyses, one file each: the file's name is the analysis' name. See `atlas/analysis.py`."""
