"""The index against an oracle that reads every record: same answers, whatever is asked, and whatever became of the file."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import fields, replace
from multiprocessing import Pipe
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.adapters.index import asking
from countersign.adapters.index.blobs import Branch, contents
from countersign.adapters.index.gleaning import glean, taken
from countersign.adapters.index.index import Index
from countersign.adapters.index.keeping import index_file
from countersign.adapters.index.names import names
from countersign.adapters.index.question import Question
from countersign.attestation.accounts.account import Account
from countersign.attestation.accounts.raw import at_once
from countersign.domain.glob_index import GlobIndex
from countersign.domain.globs import check_glob
from countersign.domain.ids import MalformedError, Sha
from countersign.domain.outcomes import LedgerFault
from tests.integration.index.conftest import Shop
from tests.support.audit import Remote, refused
from tests.support.fastlog import FastLog
from tests.support.history import History


@pytest.fixture
def index(shop: Shop, tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path / "index.sqlite", shop.path, shop.tip)
    yield made
    made.close()


SAME = ("environment", "agent", "sponsor", "author", "skill", "tier", "action", "repository", "iid", "run")
LISTS = {"service": "services", "approver": "approvers", "rule": "rules"}
PATTERNS = ("**", "db/**", "**/*.sql", "site/*/checkout/*", "db/production/shop/V1__note.sql", "nowhere/**")
ELSEWHERE = {"credential", "words", "unlisted", "nowhere", "limit", "oldest_first"}
"""Parts of a question that have tests of their own."""


def means(question: Question, told: Account) -> bool:
    """Say what a question means, slowly."""
    return all(
        [
            *(getattr(question, name) in {None, getattr(told, name)} for name in SAME if name != "environment"),
            question.environment in {None, told.environment} or (question.nowhere and told.environment is None),
            *(getattr(question, name) is None or getattr(question, name) in getattr(told, words) for name, words in LISTS.items()),
            question.since is None or told.recorded >= question.since,
            question.until is None or told.recorded < question.until,
            question.below is None or told.seq < question.below,
            not question.kinds or told.kind in question.kinds,
            question.path is None or any(GlobIndex([[question.path]]).match(path) for path in told.paths),
            question.host is None or any(host == question.host or host.rpartition(":")[0] == question.host for host in told.hosts),
        ]
    )


def values(shop: Shop, name: str) -> list[object]:
    """Give what may be asked for by a part of a question: all that any record says, and what none says."""

    def said(pick: Callable[[Account], object]) -> set[object]:
        return {pick(told) for told in shop.accounts}

    match name:
        case "since" | "until":
            found: set[object] = said(lambda told: told.recorded) | {"2020-01-01T00:00:00.000000Z", "2030-01-01T00:00:00.000000Z"}
        case "below":
            found = {0, *range(1, len(shop.accounts) + 1, 7)}
        case "kinds":
            found = {(str(kind),) for kind in said(lambda told: told.kind)} | {("executed", "lost"), ("expired",)}
        case "path":
            found = set(PATTERNS)
        case "host":
            hosts = {host for told in shop.accounts for host in told.hosts}
            found = hosts | {host.rpartition(":")[0] for host in hosts} | {"nowhere"}
        case "iid":
            found = said(lambda told: told.iid) | {99999}
        case _ if name in LISTS:
            found = {word for told in shop.accounts for word in getattr(told, LISTS[name])} | {"nobody"}
        case _:
            found = said(lambda told: getattr(told, name)) | {"nobody"}
    return sorted(found - {None}, key=str)


ASKED = sorted({part.name for part in fields(Question)} - ELSEWHERE)


@pytest.mark.parametrize("name", ASKED)
def test_every_part_of_a_question_narrows_the_answer(index: Index, shop: Shop, name: str) -> None:
    counts = set()
    for value in values(shop, name):
        question = Question(**{name: value})  # type: ignore[arg-type]
        wanted = [told.seq for told in reversed(shop.accounts) if means(question, told)]
        assert [row.told.seq for row in index.ask(question)] == wanted, value
        assert index.count(question) == len(wanted), value
        counts.add(len(wanted))
    assert min(counts) < len(shop.accounts), "the values do not tell whether it narrows"
    assert max(counts) > 0


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_answers_as_one_who_reads_every_record(index: Index, shop: Shop, data: st.DataObject) -> None:
    parts = data.draw(st.sets(st.sampled_from(ASKED), max_size=4), "parts")
    drawn = {name: data.draw(st.sampled_from(values(shop, name)), name) for name in sorted(parts)}
    question = Question(**drawn, nowhere=data.draw(st.booleans()))  # type: ignore[arg-type]
    wanted = [told for told in shop.accounts if means(question, told)]
    found = [row.told for row in index.ask(question)]
    assert [told.seq for told in found] == [told.seq for told in reversed(wanted)]
    assert index.count(question) == len(wanted)


def one_of(shop: Shop, name: str) -> st.SearchStrategy[object]:
    return st.none() | st.none() | st.sampled_from(values(shop, name))


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_common_words_are_looked_for_in_another_way_and_found_as_well(index: Index, shop: Shop, data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asking, "MANY", data.draw(st.sampled_from([0, 5, 40])))
        question = Question(
            environment=data.draw(st.sampled_from([None, "production"])),
            approver=data.draw(one_of(shop, "approver")),  # type: ignore[arg-type]
            rule=data.draw(one_of(shop, "rule")),  # type: ignore[arg-type]
            path=data.draw(st.sampled_from([None, "db/**", "**/*.sql", "site/*/checkout/*"])),
            since=data.draw(one_of(shop, "since")),  # type: ignore[arg-type]
        )
        found, count = index.ask(question), index.count(question)
        some = index.ask(replace(question, limit=3))
    wanted = [told.seq for told in reversed(shop.accounts) if means(question, told)]
    assert [row.told.seq for row in found] == wanted
    assert count == len(wanted)
    assert some == found[:3]


def test_the_records_of_a_real_log_are_never_read_whole(shop: Shop) -> None:
    listed = Branch(shop.path).records(shop.tip, None)
    read = [at_once(raw) for raw in contents(shop.path, listed)]
    assert None not in read
    assert len(read) == len(shop.accounts)


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_runs_that_were_not_over_are_those_of_one_who_reads_every_record(index: Index, shop: Shop, data: st.DataObject) -> None:
    times = st.sampled_from(sorted(told.recorded for told in shop.accounts))
    since, until = sorted([data.draw(times), data.draw(times)])
    environment = data.draw(st.sampled_from([None, "production", "staging", "moon"]))
    below = data.draw(st.none() | st.integers(0, len(shop.accounts)))
    told = [one for one in shop.accounts if below is None or one.seq < below]
    over = {one.run for one in told if one.kind in {"executed", "failed", "lost"} and one.recorded < since}
    wanted = [one for one in told if one.kind == "intent" and one.recorded < until and one.run not in over]
    found = index.unended(environment, since=since, until=until, below=below)
    assert [row.told.seq for row in found] == [one.seq for one in wanted if environment in {None, one.environment}]


def test_names_are_listed(index: Index, shop: Shop) -> None:
    assert names(index, "environment") == sorted({told.environment for told in shop.accounts if told.environment})
    assert names(index, "approver") == sorted({name for told in shop.accounts for name in told.approvers})


def test_an_answer_tells_what_the_record_tells(index: Index, shop: Shop) -> None:
    lists = ("services", "approvers", "paths", "hosts", "credentials", "rules")
    for row, told in zip(index.ask(Question(oldest_first=True)), shop.accounts, strict=True):
        for name in set(Account._fields) - {"words", *lists}:
            assert getattr(row.told, name) == getattr(told, name), name
        for name in lists:
            assert sorted(getattr(row.told, name)) == sorted(getattr(told, name)), name
        assert shop.remote.git("rev-parse", f"{row.commit}:{row.file}").decode().strip() == row.blob


def test_every_name_of_a_record_finds_it(index: Index, shop: Shop) -> None:
    told = next(told for told in shop.accounts if told.kind == "executed")
    for name in (str(told.seq), told.id, told.key):
        assert [row.told.seq for row in index.find(name)] == [told.seq]
    assert told.seq in [row.told.seq for row in index.find(str(told.run))]
    assert index.find("01") == index.find("-1") == index.find("") == []


def test_a_credential_is_found_by_handle_and_by_the_targets_name(index: Index, shop: Shop) -> None:
    told = next(told for told in shop.accounts if told.kind == "executed")
    handle, public = told.credentials
    assert {row.told.kind for row in index.ask(Question(credential=handle))} == {"intent", "executed"}
    assert [row.told.seq for row in index.ask(Question(credential=public))] == [told.seq]


def test_free_text_finds_words_in_any_order_and_quoted_ones_in_theirs(index: Index) -> None:
    loose = index.ask(Question(words="timeout lock"))
    assert loose
    assert {row.told.kind for row in loose} == {"failed"}
    assert index.ask(Question(words='"lock timeout"')) == loose
    assert index.ask(Question(words='"timeout lock"')) == []


@pytest.mark.parametrize(
    "words", ['"', "NEAR(", "a AND", "*", "words:x", "-", "'", "(", 'x" OR "y', "^", "acme/shop!7", "\x00", "", " "]
)
def test_no_text_is_a_malformed_question(index: Index, words: str) -> None:
    assert isinstance(index.ask(Question(words=words, limit=3)), list)


@pytest.mark.parametrize(
    "question", [Question(words="\udc80"), Question(agent="\udc80"), Question(host="\udc80"), Question(path="\udc80")]
)
def test_what_is_not_utf_8_is_refused(index: Index, question: Question) -> None:
    with pytest.raises(MalformedError):
        index.ask(question)


def test_a_name_that_is_not_utf_8_is_refused(index: Index) -> None:
    with pytest.raises(MalformedError, match="what is asked for is not UTF-8"):
        index.find("\udcff")


def test_a_path_that_is_no_glob_is_refused(index: Index) -> None:
    with pytest.raises(MalformedError):
        check_glob("/etc/*")
    with pytest.raises(MalformedError):
        index.ask(Question(path="/etc/*"))


def test_it_grows_by_what_is_new_and_is_then_what_it_would_be_if_made_anew(tmp_path: Path) -> None:
    log = FastLog.make(tmp_path / "shop.git")
    events = iter(list(History(changes=60).events()))
    log.write(events, limit=70)
    grown = Index(tmp_path / "grown.sqlite", log.repository, Sha(str(log.tip)))
    assert grown.count(Question()) == 70
    grown.note("verified", "by me")
    grown.close()
    log.write(events)
    again = Index(tmp_path / "grown.sqlite", log.repository, Sha(str(log.tip)))
    fresh = Index(tmp_path / "fresh.sqlite", log.repository, Sha(str(log.tip)))
    assert again.count(Question()) == log.count > 70
    assert again.noted("verified") is None, "what was said of the old tip does not hold for the new one"
    assert again.digests() == fresh.digests()
    assert [row for row in again.ask(Question()) if row.told.kind == "executed"]
    for one, other in zip(again.ask(Question()), fresh.ask(Question()), strict=True):
        assert _sorted(one.told) == _sorted(other.told)
        assert (one.blob, one.commit) == (other.blob, other.commit)
    for asked in (Question(words="orders"), Question(approver="wanda"), Question(path="db/**")):
        assert [row.told.seq for row in again.ask(asked)] == [row.told.seq for row in fresh.ask(asked)]


def _sorted(told: Account) -> list[object]:
    return [
        sorted(value) if isinstance(value := getattr(told, name), tuple) else value for name in Account._fields if name != "words"
    ]


def test_a_rewritten_branch_is_read_anew(tmp_path: Path) -> None:
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), refused("b"), refused("c")])
    index = Index(tmp_path / "index.sqlite", remote.path, remote.tip())
    assert index.count(Question(words="Refused b")) == 1
    index.close()
    remote.point(Sha(remote.commits()[0]))
    remote.fill([refused("d")])
    again = Index(tmp_path / "index.sqlite", remote.path, remote.tip())
    assert [row.told.key for row in again.ask(Question())] == ["refused/d", "refused/a"]
    assert again.count(Question(words="Refused b")) == 0


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def _garbage(file: Path) -> None:
    file.write_bytes(b"not a database" * 1000)


def _scribbled(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for at in range(8192, len(data), 512):
        data[at : at + 64] = b"\xff" * 64
    file.write_bytes(bytes(data))


def _other_version(file: Path) -> None:
    base = sqlite3.connect(file)
    base.execute("PRAGMA user_version = 999")
    base.close()


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _foreign(file: Path) -> None:
    file.unlink()
    base = sqlite3.connect(file)
    base.execute("CREATE TABLE record (seq)")
    base.commit()
    base.close()


@pytest.mark.parametrize("damage", [_cut, _scribbled, _other_version, _empty])
def test_a_damaged_file_is_thrown_away_and_made_anew(shop: Shop, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    file = tmp_path / "index.sqlite"
    first = Index(file, shop.path, shop.tip)
    wanted = first.ask(Question(approver="wanda"))
    first.close()
    damage(file)
    again = Index(file, shop.path, shop.tip)
    assert again.ask(Question(approver="wanda")) == wanted
    assert len(again.digests()) == len(shop.accounts)


@pytest.mark.parametrize("damage", [_garbage, _foreign])
@pytest.mark.parametrize("beside", ["", ".new"])
def test_what_is_no_index_stays_as_it_is(shop: Shop, tmp_path: Path, damage: Callable[[Path], None], beside: str) -> None:
    file = tmp_path / f"papers{beside}"
    file.touch()
    damage(file)
    before = file.read_bytes()
    with pytest.raises(MalformedError, match=f"papers{beside} is no index of this program and stays as it is; name another"):
        Index(tmp_path / "papers", shop.path, shop.tip).count(Question())
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == [file.name]


def test_what_is_no_file_stays_as_it_is(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("folder", "pipe", "link"):
        with pytest.raises(MalformedError, match="is no index"):
            Index(tmp_path / name, shop.path, shop.tip).count(Question())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "pipe"]


def test_one_that_others_can_have_written_is_not_asked(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "index.sqlite"
    with closing(Index(file, shop.path, shop.tip)) as index:
        assert index.count(Question()) == len(shop.accounts)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o660)
    with pytest.raises(LedgerFault, match="may have been written by others; remove it"):
        Index(file, shop.path, shop.tip).count(Question())


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_read_with_it_is_not_of_others_either(shop: Shop, tmp_path: Path, ending: str, linked: bool) -> None:
    file, link = tmp_path / "index.sqlite", tmp_path / "elsewhere" / "link"
    with closing(Index(file, shop.path, shop.tip)) as index:
        assert index.count(Question()) == len(shop.accounts)
    link.parent.mkdir(mode=0o700)
    link.symlink_to(file)
    file.with_name(file.name + ending).touch()
    file.with_name(file.name + ending).chmod(0o666)
    with pytest.raises(LedgerFault, match=f"index.sqlite{ending} may have been written by others; remove it"):
        Index(link if linked else file, shop.path, shop.tip).count(Question())


@pytest.mark.parametrize("made", [False, True])
def test_none_is_kept_where_others_can_put_something_beside_it(shop: Shop, tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "shared"
    file = folder / "index.sqlite"
    folder.mkdir()
    if made:
        with closing(Index(file, shop.path, shop.tip)) as index:
            assert index.count(Question()) == len(shop.accounts)
    for mode in (0o1777, 0o770):
        folder.chmod(mode)
        with pytest.raises(LedgerFault, match=r"others can write the folder of the index, .*/shared; name a file elsewhere"):
            Index(file, shop.path, shop.tip).count(Question())
    assert file.exists() is made


def test_a_link_that_others_can_swap_is_not_followed(shop: Shop, tmp_path: Path) -> None:
    file, link = tmp_path / "index.sqlite", tmp_path / "shared" / "link.sqlite"
    with closing(Index(file, shop.path, shop.tip)) as index:
        assert index.count(Question()) == len(shop.accounts)
    link.parent.mkdir()
    link.parent.chmod(0o777)
    link.symlink_to(file)
    with pytest.raises(LedgerFault, match=r"others can write the folder of the index, .*/shared; name a file elsewhere"):
        Index(link, shop.path, shop.tip).count(Question())
    assert [path.name for path in link.parent.iterdir()] == [link.name]


def test_an_index_that_is_made_anew_stays_where_its_link_leads(shop: Shop, tmp_path: Path) -> None:
    file, link = tmp_path / "index.sqlite", tmp_path / "mine" / "link.sqlite"
    link.parent.mkdir(mode=0o700)
    link.symlink_to(file)
    for damage in (Path.touch, _cut):
        damage(file)
        with closing(Index(link, shop.path, shop.tip)) as index:
            assert index.count(Question()) == len(shop.accounts)
    assert link.is_symlink()
    assert [path.name for path in link.parent.iterdir()] == [link.name], "locks and what is made anew lie beside the file itself"


def test_several_may_make_it_at_once(shop: Shop, tmp_path: Path) -> None:
    def ask(_: int) -> int:
        mine = Index(tmp_path / "index.sqlite", shop.path, shop.tip)
        try:
            return mine.count(Question(environment="production"))
        finally:
            mine.close()

    with ThreadPoolExecutor(6) as pool:
        counts = set(pool.map(ask, range(12)))
    assert counts == {sum(told.environment == "production" for told in shop.accounts)}


def test_where_it_cannot_be_kept_it_says_so(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("file/index.sqlite", "loop"):
        with pytest.raises(LedgerFault, match="--index"):
            Index(tmp_path / name, shop.path, shop.tip).count(Question())


def test_it_lies_outside_the_clone_and_once_for_all_its_work_trees(shop: Shop, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shop.remote.git("clone", "--quiet", "--branch", "countersign/audit", str(shop.path), str(clone))
    shop.remote.git("-C", str(clone), "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    cache = tmp_path / "cache"
    assert index_file(tmp_path / "side", cache) == index_file(clone, cache)
    assert index_file(clone, cache).parent == cache / "countersign"
    assert index_file(clone, cache) != index_file(shop.path, cache)
    with pytest.raises(LedgerFault):
        index_file(tmp_path, cache)


def test_a_record_that_is_missing_is_named(tmp_path: Path) -> None:
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), refused("b")])
    blob = remote.git("ls-tree", "-r", "--object-only", remote.tip(), "--", "records").decode().split()[1]
    (remote.path / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(LedgerFault, match=blob):
        Index(tmp_path / "index.sqlite", remote.path, remote.tip()).count(Question())


@pytest.mark.parametrize("long", [1, 100])
def test_a_record_that_is_none_is_named_whoever_reads_it(tmp_path: Path, long: int) -> None:
    remote = Remote.make(tmp_path)
    remote.fill([refused("a"), refused("b")])
    first, second = Branch(remote.path).records(remote.tip(), None)
    readme = Sha(remote.git("rev-parse", f"{remote.tip()}:README.md").decode().strip())
    with pytest.raises(LedgerFault, match=f"{second.path} is no record"):
        list(glean(remote.path, [first, second._replace(blob=readme)], long=long))


def test_a_process_that_is_ended_is_told() -> None:
    out, into = Pipe(duplex=False)
    into.close()
    with closing(out), pytest.raises(LedgerFault, match="a process of ours was ended"):
        taken(out)


def test_two_processes_tell_what_one_tells(shop: Shop) -> None:
    listed = Branch(shop.path).records(shop.tip, None)
    alone, together = list(glean(shop.path, listed)), list(glean(shop.path, listed, long=1))
    assert alone == together
    assert len(alone) == len(shop.accounts)
