"""How long structured files that are made to be slow keep a runner: prints figures in processor time, asserts none.

Each change holds as much as a change may; what is told is the slowest of its kind, up to the facts.
"""

from time import process_time

import pytest

from countersign.domain.analysis import analyse
from countersign.domain.facts import FileChange, FileStatus
from tests.bench.facts.test_analysing import MANIFEST
from tests.builders import blob

MUCH, FILE = 2_000_000, 500_000
BOMB = "\n".join(["a: &a [x,x,x,x,x,x,x,x,x,x]", *(f"{n}: &{n} [{','.join([f'*{o}'] * 10)}]" for o, n in ("ab", "bc", "cd"))])


def flow(item: str) -> str:
    return "[" + item * (FILE // len(item)) + "]"


ONE = {
    "flow sequences of one letter": flow("a,"),
    "empty flow sequences": flow("[],"),
    "keys without values": "{" + ",".join(f"{n:x}" for n in range(FILE // 6)) + "}",
    "sequences in sequences": "- - - - - - - - - -\n" * (FILE // 20),
    "lines of one key": "".join(f"{n:x}:\n" for n in range(FILE // 8)),
    "anchors": flow("&a a,"),
    "one long line": "a: " + "x " * (FILE // 2),
    "a block of short lines": "a: |\n" + " x\n" * (FILE // 3),
}
CHANGES = {what: [text] * (MUCH // FILE) for what, text in ONE.items()}
CHANGES["manifests as people write them, as many as are read"] = [
    "---\n".join(MANIFEST.format(n=n, replicas=3) for n in range(40))
] * 18
CHANGES["aliases that unfold, a file each"] = [BOMB] * (MUCH // 200)


@pytest.mark.parametrize("what", CHANGES)
def test_a_hostile_change(what: str) -> None:
    texts = [f"# {number}\n{text}" for number, text in enumerate(CHANGES[what])]
    files = [FileChange(f"a/{n}.yaml", FileStatus.ADDED, None, blob(text), added=1) for n, text in enumerate(texts)]
    contents = {blob(text): text.encode() for text in texts}
    begin = process_time()
    facts = analyse(files, contents)
    took = process_time() - begin
    size = sum(map(len, contents.values()))
    print(f"{what}, {len(files)} files, {size / 1000:.0f} kB: {took:.1f} s, {len(facts.unparsed)} not parsed")
