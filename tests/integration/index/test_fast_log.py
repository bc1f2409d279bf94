"""The fast writer of the tests makes what the real one makes, byte for byte; so what is measured with it is real."""

from pathlib import Path

from countersign.adapters.ledger.pages import genesis_pages
from countersign.attestation.chain import Chain
from countersign.attestation.compose import compose
from countersign.attestation.index import LogIndex
from countersign.attestation.record import Entry
from countersign.domain.ids import RunId
from tests.support.audit import ORIGIN, PRINCIPAL, signer, trust_root
from tests.support.chains import MemorySource
from tests.support.fastlog import FastLog
from tests.support.history import History


def test_it_ends_at_the_very_same_commit(tmp_path: Path) -> None:
    events = list(History(changes=25, seed=3).events())
    source, records = MemorySource(), LogIndex()
    chain = Chain(trust=trust_root(), records=records)
    intents: dict[RunId, Entry] = {}
    for number, (when, make) in enumerate(events, start=1):
        name, objects = compose(
            make(intents),
            chain=chain,
            source=source,
            origin=ORIGIN,
            recorded=when,
            signer=signer(),
            principal=PRINCIPAL,
            pages=() if chain.tip else genesis_pages(ORIGIN),
            settle=number == len(events),
        )
        source.objects.update(objects)
        entry = chain.extend(name, source)
        if entry.run is not None:
            intents[entry.run] = entry
    log = FastLog.make(tmp_path / "fast.git")
    assert log.write(events) == len(events) == len(records.entries)
    assert log.tip == chain.tip
