"""Reference models: small transformers trained here, whose insides are worth looking at.

`python -m atlas.zoo train llama` makes one, `python -m atlas.zoo evaluate llama` measures it;
`python -m atlas.zoo quantise llama-q8_0` makes a quantised copy of one;
`python -m atlas.zoo corpus` makes the text that all of them are measured on.

texts/      what they read
  words.py          word lists by topic
  grammar.py        filler passages: prose, dialogue, code, numbers, tables
  templates.py      how facts are told, for each relation
  facts.py          which facts there are, which are taught, which sentences are held out
  questions.py      how facts are asked in dialogues
  dialogue.py       the base's facts asked and answered
  topic.py          a new topic: the chemical elements
  text.py           the training and the held-out passages, as text
training/   how they learn
  architectures.py  a row of data per architecture: what differs between the reference models
  recipe.py         every number that a training run depends on
  tokenizer.py      the byte-level BPE that all reference models share
  data.py           what a run reads
  batches.py        passages and repeated random segments as batches of token ids
  optimizers.py     which parameters are trained by which optimizer
  train.py          the one training loop
  tunes.py          fine-tunes: the same loop from a trained model, on something new
cards/      what is said of them
  evaluate.py       what a trained model has learned
  heads.py          which heads recall a relation, and which are induction heads
  card.py           card.json and README.md beside the weights
  tuned.py          what the card of a fine-tune says beside a base's
models/     the trained models, and quantised copies of one
quantised.py      how the copies are made
own_corpus.py     text of their own kind that none of them has read
"""
