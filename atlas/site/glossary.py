"""The words of the atlas: each thing has one name on all pages, and this is what it means.

`AVOIDED` lists names that these words replace. A test keeps them out of every page.
"""

from __future__ import annotations

GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "Attention block, MLP block",
        "The two parts of a layer that read the residual stream and add to it. Where a layer mixes"
        " tokens by a convolution, linear attention or a state space, that mixer is its attention"
        " block.",
    ),
    ("Base", "The model that another was fine-tuned, quantised or merged from."),
    (
        "Category",
        "A kind of relation: Algorithmic, Knowledge, Linguistic or Translation. A head has a"
        " category if it has any of its relations; a head without one is Unclassified.",
    ),
    (
        "Claim",
        "A sentence about measured values, from the literature or from this atlas, with conditions"
        " that are checked whenever the site is built.",
    ),
    ("Component", "One weight matrix of a layer or one of its norms, such as attn.q or mlp.down."),
    (
        "Conditions",
        "Circumstances of a measurement that are reported but may differ between models that are"
        " compared, such as the device.",
    ),
    ("Corpus", "The collection of passages that models read."),
    ("Finding", "A short article whose every step rests on claims that are checked."),
    (
        "Fine-tune",
        "A model whose weights were trained further from those of its base.",
    ),
    ("Head", "One attention head. Head 3 of layer 2 is written 2.3; both are counted from 0."),
    ("Kept, pruned", "Whether a mask leaves a block in the model or removes it."),
    (
        "Layer",
        "One attention block and one MLP block of a model; layers are counted from 0.",
    ),
    ("Mask", "Which blocks of a model are kept and which are pruned."),
    ("Passage", "A short piece of text that models read; its first word is context."),
    ("Profile", "What one analysis measured on one model: a JSON file with values and conditions."),
    (
        "Protocol",
        "What must agree before values of two models are subtracted, such as the text read.",
    ),
    (
        "Reference model",
        "A small model that comes with the program, trained for demonstration and marked as such "
        "everywhere.",
    ),
    (
        "Relation",
        "A mapping between words, such as country to capital, with the pairs that test it.",
    ),
    (
        "Residual stream",
        "The vector that runs through the model at each position; every block adds to it.",
    ),
    ("Topic", "A cluster of passages, named by the words that set it apart from the others."),
    ("Unembedding", "The matrix that turns the last state into scores of all tokens."),
)
"""Word and meaning, in alphabetical order."""

AVOIDED: tuple[str, ...] = (
    r"(?<![Ff]ine-)\btunes?\b",
    r"(?<![Ff]ine-)\btuned\b",
    r"\bunclassified\b",
    r"\bas usual\b",
    r"\bshare of what is there\b",
    r"\b(?:the|each|every) clusters? loses?\b",
    r"\bwhat was so\b",
    r"\bforbids no comparison\b",
    r"\bwhat has to hold\b",
    r"\bsays? the same to machines\b",
    r"\bcounting tokens\b",
    r"\blarger outliers\b",
    r"\bhave no value of it\b",
    r"\bWhat is inside language models\b",
    r"\bin the canonical order\b",
    r", canonical\b",
    r"\bone colour a category\b",
    r"\bmeasured otherwise\b",
    r"\b[Nn]ewest changes\b",
    r"\btells? most about\b",
    r"\b[Ww]hat the distance is made of\b",
    r"\bthe most that chance gives\b",
    r"\bcores of a processor\b",
    r"\bhangs? on the weights\b",
    r"\bpassage makes\b",
    r"\b[Aa] script draws\b",
    r"\bWhole blocks first\b",
    r"\bsublayers\b",
    r"\bModules only in\b",
)
"""Regular expressions of what no text of a page says: names that the glossary replaces, and phrases
that nobody would say."""
