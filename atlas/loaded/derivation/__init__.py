"""A row derived from a model that runs: by what flows where, never by the names of modules.

The config is shrunk (`shrinking`), its tiny model runs once and everything that its modules read
and give is kept (`recording`). In each layer it is then looked for what gives the queries, keys and
values that meet in a softmax and what reads their result (`attention`), what the MLP computes
(`mlp`), and how both join the residual stream (`residual`, `norms`); outside the layers for the
embedding and what makes logits of the stream (`outside`). Which key of the config says what is
found by changing the config (`worlds`) and looking what changes (`columns`), names on disk by the
values that are saved (`names_on_disk`). What cannot be found is an error that says so, and never a
guess.
"""
