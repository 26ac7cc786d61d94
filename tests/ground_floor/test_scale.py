"""The scale of a run is read from the environment."""

import pytest
from dltheory.scale import VARIABLE, by_scale, current_scale


@pytest.mark.parametrize("unset", [None, "", "  "])
def test_class_is_the_default(monkeypatch, unset):
    monkeypatch.delenv(VARIABLE, raising=False)
    if unset is not None:
        monkeypatch.setenv(VARIABLE, unset)
    assert current_scale() == "class"
    assert by_scale(5, full=500) == 5


def test_full_is_chosen_by_the_variable(monkeypatch):
    monkeypatch.setenv("DLTHEORY_SCALE", "full")
    assert current_scale() == "full"
    assert by_scale(5, full=500) == 500


def test_the_variable_is_read_at_each_call(monkeypatch):
    monkeypatch.setenv(VARIABLE, "class")
    before = by_scale("short", full="long")
    monkeypatch.setenv(VARIABLE, "full")
    assert (before, by_scale("short", full="long")) == ("short", "long")


@pytest.mark.parametrize("value", ["FULL", "paper", "1"])
def test_another_value_is_refused_by_name(monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(ValueError, match=rf"DLTHEORY_SCALE must be 'class' or 'full', got '{value}'"):
        by_scale(1, full=2)


def test_full_is_a_keyword():
    with pytest.raises(TypeError):
        by_scale(1, 2)
