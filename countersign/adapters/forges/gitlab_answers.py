"""What we read of GitLab's answers: strict about the fields that we use, blind to all others. Decides nothing."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from countersign.domain.ids import Sha, sha
from countersign.domain.outcomes import ForgeFault
from countersign.domain.versions import Version

Commit = Annotated[str, AfterValidator(sha)]
Moment = Annotated[AwareDatetime, Field(strict=False)]
Number = Annotated[int, Field(ge=1)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Account(_Answer):
    """A user, in short or in full: the addresses and `bot` come only in full, and addresses only where the token may see them."""

    id: Number
    username: Annotated[str, Field(min_length=1)]
    bot: bool | None = None
    email: str | None = None
    public_email: str | None = None
    commit_email: str | None = None

    def owns(self, address: str) -> bool:
        """Say whether the address is one of those shown; case does not matter, as for GitLab."""
        return address.lower() in {own.lower() for own in (self.email, self.public_email, self.commit_email) if own}


class Group(_Answer):
    """A group."""

    id: Number
    full_path: str


class Member(_Answer):
    """Somebody in a group. `membership_state` is `awaiting` for who still waits for a seat."""

    id: Number
    username: Annotated[str, Field(min_length=1)]
    state: str
    membership_state: str = "active"


class References(_Answer):
    """How a change is called in full."""

    full: str


class Listed(_Answer):
    """A merge request in a list: no more than is needed to find it, so that an odd one does not hide the others."""

    iid: Number
    author: Account
    source_branch: str
    target_branch: str


class MergeRequest(_Answer):
    """A merge request."""

    iid: Number
    title: str
    description: str | None
    author: Account
    source_branch: str
    target_branch: str
    source_project_id: int | None
    target_project_id: int
    sha: Commit
    state: str
    draft: bool
    labels: list[str]
    web_url: str
    references: References
    merge_commit_sha: Commit | None = None
    squash_commit_sha: Commit | None = None
    merged_at: Moment | None = None
    closed_at: Moment | None = None


class Diff(_Answer):
    """A version of a merge request."""

    id: Number
    head_commit_sha: Commit
    created_at: Moment

    def version(self) -> Version:
        """Give it as the rest of the house knows it."""
        return Version(number=self.id, head=Sha(self.head_commit_sha), created=self.created_at)


class ApprovedBy(_Answer):
    """One approval. Older GitLabs leave out the time."""

    user: Account
    approved_at: Moment | None = None


class Approved(_Answer):
    """Who approved. `approved` and `approvals_left` are not read: without rules they say yes to nobody (attack 33)."""

    approved_by: list[ApprovedBy]


class Note(_Answer):
    """A comment."""

    id: Number
    body: str
    author: Account
    system: bool


class Status(_Answer):
    """A commit status."""

    name: str
    status: str


_Model = TypeVar("_Model", bound=_Answer)


def read(model: type[_Model], answer: object) -> _Model:
    """Read one answer.

    Raises:
        ForgeFault: a field is missing or not of its form; the text names fields, never values.
    """
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})
        raise ForgeFault(f"GitLab's {model.__name__} is not of the known form: {', '.join(fields)[:200]}") from None
