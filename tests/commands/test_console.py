"""What the command line shows while it works, where there is no terminal to draw a bar on."""

from __future__ import annotations

import pytest

from atlas.commands import console
from atlas.profiles.plan import Job


def job() -> Job:
    return Job("small", "weights", "weights", "missing", ("never measured",), None, None)


@pytest.mark.parametrize(("between", "lines"), [(0.0, 2), (60.0, 0)])
def test_a_log_gets_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    between: float,
    lines: int,
) -> None:
    monkeypatch.setattr(console, "SECONDS", between)
    with console.watching() as watch:
        tell = watch(job())
        tell(0, 0)
        tell(1, 8)
        tell(8, 8)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == lines
    if said:
        assert said[0].startswith("small weights: 12% (1 of 8) after ")
        assert said[1].startswith("small weights: 100% (8 of 8) after ")
