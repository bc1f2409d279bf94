"""Each single rule of a packet, broken alone; and genuine, proved records that do not belong together."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from countersign.attestation import dsse, readable
from countersign.attestation.chain import Chain
from countersign.attestation.compose import compose
from countersign.attestation.history import catch_up
from countersign.attestation.index import LogIndex
from countersign.attestation.keys import Signer
from countersign.attestation.merkle import leaf_hash
from countersign.attestation.packets import form
from countersign.attestation.packets.check import Verdict, check
from countersign.attestation.packets.make import Contents, Held, make
from countersign.attestation.packets.problem import PacketError
from countersign.attestation.place import Place
from countersign.attestation.record import Draft, RecordKind
from countersign.attestation.sshsig import PublicKey
from countersign.attestation.statement import write
from countersign.domain.ids import ChangeRef, Sha, run_id
from tests.support import bodies
from tests.support.audit import CHANGE, PRINCIPAL, START, intent, outcome, refused, signer, trust_root
from tests.support.chains import MemoryLog
from tests.support.packets import relisted


def of_another_change() -> Draft:
    draft = refused("b")
    told = draft.body["change"]
    assert isinstance(told, dict)
    return replace(draft, change=ChangeRef(CHANGE.project, 8), body={**draft.body, "change": {**told, "iid": 8}})


SECOND, THIRD = (run_id(CHANGE, Sha(letter * 40)) for letter in "bc")
INTENT, OUTCOME, REFUSED, OF_ANOTHER, HEARTBEAT, HEARTBEAT_B, INTENT_B, OUTCOME_B, INTENT_C, OUTCOME_C = range(10)
DRAFTS = (
    intent(),
    outcome(),
    refused("a"),
    of_another_change(),
    Draft(RecordKind.HEARTBEAT, "heartbeat/a", "Heartbeat", None, None, START, bodies.body(RecordKind.HEARTBEAT)),
    Draft(RecordKind.HEARTBEAT, "heartbeat/b", "Heartbeat", None, None, START, bodies.body(RecordKind.HEARTBEAT)),
    intent(SECOND),
    outcome(SECOND),
    intent(THIRD),
    replace(outcome(THIRD), body=bodies.body(RecordKind.EXECUTED, intent={})),
)
"""Of the outcomes' bodies, the first names its intent, record 0; the second names that too, wrongly; the third names none."""

LOG = MemoryLog.of(DRAFTS)


def judged(contents: Contents) -> Verdict:
    return check(make(contents), LOG.trust, [LOG.key.public])


def of(numbers: Sequence[int]) -> Contents:
    """Put these records of the log into a packet, each with its own commit and proofs."""
    index = LogIndex()
    catch_up(Chain(trust=LOG.trust, records=index), LOG.source, LOG.commits[-1])
    commits = [LOG.source.objects[name][1] for name in LOG.commits]
    return Contents(
        held=[Held(seq, index.entries[seq].raw, commits[seq]) for seq in numbers],
        head=commits[-1],
        leaves=[leaf_hash(entry.raw) for entry in index.entries],
        policies={},
        diff=None,
        page=b"A page.\n",
        missing={},
    )


SEALER = signer(9)
KEYS = [LOG.key.public, SEALER.public]
FILES = make(of([INTENT, OUTCOME, REFUSED]), seal=SEALER)
PROOF: dict[str, Any] = json.loads(FILES[form.proof_file(OUTCOME)])


def proof(**fields: object) -> dict[str, bytes]:
    return {form.proof_file(OUTCOME): readable.dump(PROOF | fields)}


def led_astray(which: str) -> dict[str, bytes]:
    return proof(**{which: ["0" * 64, *PROOF[which][1:]]})


def envelope(seq: int, *, key: Signer = SEALER, kind: str = dsse.IN_TOTO, named: PublicKey = SEALER.public) -> dict[str, bytes]:
    made = dsse.seal(FILES[form.record_file(seq)], named, key.sign_raw, payload_type=kind)
    return {form.envelope_file(OUTCOME): made.dump()}


def renumbered() -> dict[str, bytes]:
    """Put everything of one record in another's place."""
    places = (form.record_file, form.commit_file, form.payload_file, form.signature_file)
    return {place(OUTCOME): FILES[place(INTENT)] for place in places}


def misled() -> dict[str, bytes]:
    """Let the key's holder say something else of the record, and of the log what is true."""
    commit = LOG.commit(OUTCOME)
    other = replace(commit, message=commit.message.replace("Applied", "Refused"), signature=None)
    signed = replace(other, signature=LOG.key.sign(other.payload))
    return {
        form.commit_file(OUTCOME): signed.raw,
        form.payload_file(OUTCOME): signed.payload,
        form.signature_file(OUTCOME): (signed.signature or "").encode(),
    }


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (renumbered(), f"holds record {INTENT}"),
        (misled(), "the signed commit does not say what the record says"),
        (proof(index=INTENT), "is of another record or another head"),
        (proof(size=len(DRAFTS) - 1), "is of another record or another head"),
        (led_astray("inclusion"), "the inclusion proof does not lead to the root"),
        (led_astray("consistency"), "the consistency proof does not lead from the old root"),
        (proof(inclusion=[item.upper() for item in PROOF["inclusion"]]), "holds what is no hash in lower-case hexadecimal digits"),
        (proof(inclusion=["z" * 64]), "holds what is no hash in lower-case hexadecimal digits"),
        (envelope(INTENT), "does not hold the record"),
        (envelope(OUTCOME, kind="text/plain"), "does not hold the record"),
        (envelope(OUTCOME, key=LOG.key), "its signatures are not those of the keys that it names"),
        (envelope(OUTCOME, named=signer(8).public), "its signatures are not those of the keys that it names"),
    ],
)
def test_a_packet_that_is_wrong_in_one_thing_is_refused_for_it(changed: dict[str, bytes], why: str) -> None:
    with pytest.raises(PacketError, match=why):
        check(relisted(FILES | changed), LOG.trust, KEYS)


def test_what_a_stranger_signed_or_what_holds_no_record_is_no_packet() -> None:
    with pytest.raises(PacketError, match="a key that the trust root does not name"):
        check(FILES, trust_root(signer(2)), KEYS)
    bare = {name: FILES[name] for name in form.always([]) - {form.SUMS}}
    with pytest.raises(PacketError, match="records: there is none"):
        check(relisted(bare), LOG.trust, KEYS)


def test_every_file_is_held_to_what_is_signed_though_the_list_of_sums_is_new() -> None:
    check(FILES, LOG.trust, KEYS)
    for name in sorted(FILES.keys() - {form.SUMS, form.PAGE}):
        data, rest = FILES[name], {other: data for other, data in FILES.items() if other != name}
        others = [rest | {name: changed} for changed in (data + b"\n", data[:-1], data.replace(b"a", b"b"), FILES[form.PAGE])]
        for files in (rest, *others):
            with pytest.raises(PacketError):
                check(relisted(files), LOG.trust, KEYS)


@pytest.mark.parametrize(
    "numbers", [[INTENT, OUTCOME, REFUSED, INTENT_C, OUTCOME_C], [INTENT], [REFUSED], [OF_ANOTHER], [HEARTBEAT]]
)
def test_records_of_one_change_or_one_record_of_none_are_a_packet(numbers: list[int]) -> None:
    assert judged(of(numbers)).records == tuple(numbers)


@pytest.mark.parametrize(
    ("numbers", "wrong", "why"),
    [
        ([INTENT, OUTCOME, OF_ANOTHER], OF_ANOTHER, "is of another change, or of another log"),
        ([REFUSED, HEARTBEAT], HEARTBEAT, "is of another change, or of another log"),
        ([HEARTBEAT, HEARTBEAT_B], HEARTBEAT, "is of no change, and not alone"),
        ([OUTCOME], OUTCOME, "its intent is not in the packet"),
        ([OUTCOME, INTENT_B], OUTCOME, "its intent is not in the packet"),
        ([INTENT, INTENT_B, OUTCOME_B], OUTCOME_B, "its intent is not in the packet"),
        ([INTENT, OUTCOME_C], OUTCOME_C, "its intent is not in the packet"),
    ],
)
def test_a_genuine_record_that_does_not_belong_there_is_named(numbers: list[int], wrong: int, why: str) -> None:
    with pytest.raises(PacketError) as caught:
        judged(of(numbers))
    assert (caught.value.name, caught.value.why) == (f"records/{wrong:010d}.json", why)


def test_a_record_of_another_log_is_named_though_this_logs_key_put_it_there() -> None:
    contents, chain = of([REFUSED]), Chain(trust=LOG.trust, records=LogIndex())
    catch_up(chain, LOG.source, LOG.commits[-1])
    elsewhere, recorded = "https://forge.example/other.git", LOG.clock()
    name, made = compose(
        refused("c"), chain=chain, source=LOG.source, origin=elsewhere, recorded=recorded, signer=LOG.key, principal=PRINCIPAL
    )
    raw, commit = write(refused("c"), Place(elsewhere, chain.size, chain.digest, recorded)), made[name][1]
    held = [*contents.held, Held(chain.size, raw, commit)]
    with pytest.raises(PacketError, match=rf"records/{chain.size:010d}\.json: is of another change, or of another log"):
        judged(replace(contents, held=held, head=commit, leaves=[*contents.leaves, leaf_hash(raw)]))
