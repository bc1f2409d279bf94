"""Patterns that values of a policy must fit, each with the sentence that says so: nobody should have to read one at night."""

from collections.abc import Mapping

NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"
GROUP = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"
PROJECT = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$"
ACCOUNT = r"^[A-Za-z0-9_.\[\]-]{1,255}$"
KINDS = r"^[A-Za-z0-9_.*?-]{1,100}$"
SERVER = r"^[a-z0-9.{}-]+:[0-9]{1,5}$"
REGION = r"^[a-z]{2,20}(-[a-z0-9]{1,20}){0,4}$"
KUBERNETES = r"^[a-z0-9{]([a-z0-9.{}-]{0,100}[a-z0-9}])?$"
PERMISSION = r"^[a-z_]{1,60}$"
VAULT_PATH = r"^[a-z0-9][a-z0-9_/-]*/(creds|sts|sign|issue)/[A-Za-z0-9_.{}-]+$"
ADDRESS = r"^[0-9a-f.:]+(/[0-9]{1,3})?$"
VALUE_CLASS = r"^(secret|personal|account|host)$"
SKILL = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
COMMIT = r"^[0-9a-f]{40}$"
FLOOR_FILE = r"^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*){0,8}\.yaml$"

SAID: Mapping[str, str] = {
    NAME: "a name has small letters, digits, '.', '_' and '-', begins with a letter or digit, and has at most 63 of them",
    GROUP: "a group is written by its full path on the forge: acme/web",
    PROJECT: "a project is written by its full path on the forge: acme/shop",
    ACCOUNT: "an account is written as the forge does, without @: shop-agent",
    KINDS: "a kind has letters, digits, '.', '_' and '-', with '*' and '?' for others: aws_db_*",
    SERVER: "a server is a host name in small letters with its port: db.shop.example:5432",
    REGION: "a region is written as its provider does: eu-central-1",
    KUBERNETES: "a name of Kubernetes has small letters, digits, '-' and '.', and may hold {environment} and {service}",
    PERMISSION: "a permission is written as GitHub's API does: pull_requests",
    VAULT_PATH: "names one role of a secrets engine: database/creds/shop; creds, sts, sign or issue",
    ADDRESS: "an address, or a range of them: 10.0.0.0/8",
    VALUE_CLASS: "no such class of values: there are secret, personal, account and host",
    SKILL: "a skill is written as agents name it: letters, digits, '.', '_' and '-', at most 64 of them",
    COMMIT: "all 40 digits of a commit, in small letters: a branch or a tag can be moved",
    FLOOR_FILE: "a path within that project that ends in .yaml: floor.yaml",
}
