"""A credential shows itself to nobody who did not ask for it by name."""

import copy
import pickle
import traceback

import pytest

from countersign.domain.credential import Credential

SECRET = "pg-9f3c-very-secret"


def test_text_forms_show_names_only() -> None:
    credential = Credential({"PGPASSWORD": SECRET})
    for text in (str(credential), repr(credential), f"{credential}", f"{[credential]}"):
        assert SECRET not in text
        assert "PGPASSWORD" in text


def test_it_cannot_be_pickled_copied_or_dumped() -> None:
    credential = Credential({"PGPASSWORD": SECRET})
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="does not leave"):
            leave(credential)
    with pytest.raises(TypeError):
        vars(credential)


def test_a_traceback_does_not_show_it() -> None:
    error = RuntimeError(Credential({"PGPASSWORD": SECRET}))
    assert SECRET not in "".join(traceback.format_exception(error))
