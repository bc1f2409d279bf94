"""How many paths of a change its record lists: a few beside the inputs, which name all; without those, what there is room for."""

import json
from collections.abc import Sequence

from countersign.attestation.inputs import FIELD, enclose
from countersign.attestation.record import LISTED
from countersign.attestation.room import room
from countersign.domain.inputs import Inputs

_LINE = 16
"""Bytes around a path in a record, at most: blanks before it, quotes, a comma, and the end of the line."""

Body = dict[str, object]


def with_inputs(body: Body, inputs: Inputs) -> Body:
    """Put the inputs into a judged body; where they are too large, name more of the change's paths in their place."""
    whole = enclose(body, inputs)
    paths = [file.path for file in inputs.proposal.facts.files]
    held, change = whole[FIELD], whole["change"]
    if len(paths) <= LISTED or not isinstance(held, dict) or held["document"] is not None or not isinstance(change, dict):
        return whole
    return {**whole, "change": change | {"paths": paths[: LISTED + _fitting(paths[LISTED:], room(whole))]}}


def _fitting(paths: Sequence[str], space: int) -> int:
    """Count how many paths go into so many bytes."""
    for number, path in enumerate(paths):
        space -= len(json.dumps(path)) + _LINE
        if space < 0:
            return number
    return len(paths)
