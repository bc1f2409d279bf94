"""Reads a file of scenarios: bytes in, scenarios with their places out, or every problem with file, line and column."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from countersign.domain.decision import Place
from countersign.domain.policy_sources import Where
from countersign.domain.policy_yaml import PolicyError, Problem, read_list
from countersign.domain.scenarios.scenario import Changed, Expected, FileFacts, PlanFacts, Says, Scenario

_KEYS = {name for model in (Scenario, Changed, FileFacts, PlanFacts, Says, Expected) for name in model.model_fields}


@dataclass(frozen=True, slots=True)
class Written:
    """A scenario and where it stands."""

    scenario: Scenario
    place: Place


def read_scenarios(data: bytes, *, file: str) -> tuple[Written, ...]:
    """Read a file of scenarios.

    Raises:
        PolicyError: anything at all is wrong with it. It names every problem.
    """
    items, places = read_list(data, file=file, what="a file of scenarios")
    if not items:
        raise PolicyError((Problem(Place(file, 1), "there is no scenario in it"),))
    found: list[Written] = []
    problems: list[Problem] = []
    names: dict[str, Place] = {}
    for number, item in enumerate(items):
        try:
            scenario = Scenario.model_validate(item)
        except ValidationError as error:
            problems.extend(_problem((number, *one["loc"]), one["msg"], one["type"], places) for one in error.errors())
            continue
        place = places[(number,)]
        if scenario.name in names:
            problems.append(Problem(place, f"another scenario has this name: {names[scenario.name]}"))
        names[scenario.name] = place
        found.append(Written(scenario, place))
    if problems:
        raise PolicyError(tuple(problems))
    return tuple(found)


def _problem(where: Where, message: str, kind: str, places: Mapping[Where, Place]) -> Problem:
    place = next(places[where[:length]] for length in range(len(where), -1, -1) if where[:length] in places)
    text = message.removeprefix("Value error, ")
    if kind == "extra_forbidden":
        text = "no such key" + _near(str(where[-1]), sorted(_KEYS))
    elif kind == "missing":
        text = "is missing"
    return Problem(place, f"{'.'.join(str(part) for part in where[1:])}: {text}".removeprefix(": "))


def _near(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
