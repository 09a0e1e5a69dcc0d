"""The analyses, a folder each: the folder's name is the analysis' name.

`__init__.py` states it, without torch (`profiles/statement.py` says what); `run.py` measures.
"""
