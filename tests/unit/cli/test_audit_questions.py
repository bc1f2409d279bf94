"""Every option that narrows what `audit query`, `exceptions`, `sample` and `export` look at asks for its own part and no other."""

import argparse
from dataclasses import fields

import pytest

from countersign.adapters.index.question import Question
from countersign.cli.audit.query import add_questions, narrowed, question

OPTIONS = [
    (["--from", "2026-03-01"], Question(since="2026-03-01T00:00:00.000000Z")),
    (["--to", "2026-03-01"], Question(until="2026-03-02T00:00:00.000000Z")),
    (["--to", "2026-03-01T14:00+01:00"], Question(until="2026-03-01T13:00:00.000000Z")),
    (["--env", "production"], Question(environment="production")),
    (["--environment", "production"], Question(environment="production")),
    (["--kind", "executed", "--outcome", "lost"], Question(kinds=("executed", "lost"))),
    (["--change", "acme/shop!41"], Question(repository="acme/shop", iid=41)),
    (["--change", "!41"], Question(iid=41)),
    (["--run", "run-a"], Question(run="run-a")),
    (["--service", "checkout"], Question(service="checkout")),
    (["--agent", "shop-agent"], Question(agent="shop-agent")),
    (["--sponsor", "sam"], Question(sponsor="sam")),
    (["--author", "bot"], Question(author="bot")),
    (["--approver", "lea"], Question(approver="lea")),
    (["--skill", "add-a-column"], Question(skill="add-a-column")),
    (["--tier", "high"], Question(tier="high")),
    (["--action", "migrate"], Question(action="migrate")),
    (["--credential", "cs_a"], Question(credential="cs_a")),
    (["--host", "db.example"], Question(host="db.example")),
    (["--path", "db/**"], Question(path="db/**")),
    (["--rule", "the public page"], Question(rule="the public page")),
]
ELSEWHERE = {"nowhere", "words", "unlisted", "below", "limit", "oldest_first"}
"""Parts of a question that no option of these asks for."""


def parsed(*arguments: str) -> Question:
    parser = argparse.ArgumentParser()
    add_questions(parser)
    return question(parser.parse_args(arguments))


@pytest.mark.parametrize(("arguments", "meant"), OPTIONS, ids=lambda part: " ".join(part) if isinstance(part, list) else "")
def test_an_option_asks_for_its_part_and_for_nothing_else(arguments: list[str], meant: Question) -> None:
    assert parsed(*arguments) == meant


def test_no_part_is_left_out_here() -> None:
    nothing = Question()
    asked = {
        part.name for _, meant in OPTIONS for part in fields(meant) if getattr(meant, part.name) != getattr(nothing, part.name)
    }
    assert asked == {part.name for part in fields(Question)} - ELSEWHERE
    assert parsed() == nothing


@pytest.mark.parametrize(("arguments", "meant"), OPTIONS, ids=lambda part: " ".join(part) if isinstance(part, list) else "")
def test_what_narrowed_a_question_is_told_so_that_it_can_be_typed_again(arguments: list[str], meant: Question) -> None:
    told = [word for option in narrowed(meant).items() for word in option]
    kinds = [word for kind in meant.kinds for word in ("--kind", kind)]
    assert parsed(*told, *kinds) == meant
    assert bool(told) == (arguments[0] != "--kind")
