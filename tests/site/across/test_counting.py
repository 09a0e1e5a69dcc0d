"""What counts of several models rest on, in a sentence."""

from __future__ import annotations

import samples

from atlas.site.across import counting


def test_every_models_own_k_and_relations_are_told() -> None:
    small, large = (
        samples.profile(conditions={"k": k, "k_copying": 1}, facts={"measurable": count})
        for k, count in ((10, 17), (25, 19))
    )
    said = counting.sentence([("GPT-2 xl", small), ("Llama", large), ("Phi-2", small)])
    assert said == (
        "Counts and categories are each model's own, as published: "
        "k = 10 over 17 relations (GPT-2 xl, Phi-2); k = 25 over 19 relations (Llama). "
        "Comparing two models counts them again alike."
    )
    assert counting.sentence([("a", small)]).endswith("k = 10 over 17 relations (a).")
    assert "and 3 more" in counting.sentence([(str(at), small) for at in range(9)])
    assert counting.sentence([("a", samples.profile(conditions={"device": "cpu"}))]) == ""
