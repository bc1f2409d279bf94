"""What policies may ask for is what the brokers give: lifetimes are written on both sides of the trust boundary."""

from countersign.domain.policy_credentials import AwsCredential, PostgresCredential
from runners.brokers import aws, postgres


def test_the_lifetimes_of_policies_are_those_of_the_brokers() -> None:
    assert (AwsCredential.floor, AwsCredential.ceiling) == (aws.FLOOR, aws.CEILING)
    assert (PostgresCredential.floor, PostgresCredential.ceiling) == (postgres.FLOOR, postgres.CEILING)
