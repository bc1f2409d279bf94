"""Records as drafts again, to be put into another log: as they are, or forged."""

from countersign.attestation import statement
from countersign.attestation.record import Draft, Entry


def draft_of(entry: Entry) -> Draft:
    """Give what a writer was handed."""
    record = statement.read(entry.raw)
    subject = tuple((one.name, one.digest) for one in record.subject)
    return Draft(entry.kind, entry.key, record.predicate.summary, entry.change, entry.run, entry.time, entry.body, subject)
