"""Reference models: small transformers trained here, whose insides are worth looking at.

`python -m atlas.zoo train llama` makes one, `python -m atlas.zoo evaluate llama` measures it.

architectures.py  a row of data per architecture: what differs between the reference models
words.py          word lists by topic
grammar.py        filler passages: prose, dialogue, code, numbers, tables
templates.py      how facts are told, for each relation
facts.py          which facts there are, which are taught, which sentences are held out
tokenizer.py      the byte-level BPE that all reference models share
text.py           the training and the held-out passages, as text
batches.py        passages and repeated random segments as batches of token ids
train.py          the one training loop
evaluate.py       what a trained model has learned
card.py           card.json and README.md beside the weights
"""
