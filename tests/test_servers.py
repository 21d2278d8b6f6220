"""The servers that other tests stand on are real, separate and gone afterwards."""

import smtplib
import subprocess
import sys
from pathlib import Path

import boto3
import psycopg2
import pytest
import redis as redis_client

from core import broker
from tests import servers

pytestmark = [pytest.mark.slow, pytest.mark.once]


def test_postgres_answers_and_is_gone_afterwards():
    try:
        with servers.postgres() as url:
            with psycopg2.connect(url) as connection, connection.cursor() as cursor:
                cursor.execute("SHOW timezone")
                assert cursor.fetchone() == ("UTC",)
            connection.close()
    except servers.Missing as missing:
        pytest.skip(str(missing))
    port = int(url.rsplit(":", 1)[1].split("/")[0])
    assert not servers.listens(port)


def test_two_redis_servers_know_nothing_of_each_other(redis_url):
    with servers.redis() as other:
        here, there = (redis_client.Redis.from_url(url) for url in (redis_url, other))
        here.set("whose", "mine")
        assert there.get("whose") is None
        here.close()
        there.close()


def test_the_letterbox_keeps_what_it_is_sent(letterbox):
    host, port = letterbox.url.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port), timeout=5) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: parts\n\nsent")
    (sender, recipients, message) = letterbox.letters[0]
    assert (sender, recipients) == ("a@example.com", ["b@example.com"])
    assert b"Subject: parts" in message


def test_object_storage_keeps_an_object(s3_env):
    store = boto3.client(
        "s3",
        endpoint_url=s3_env["S3_ENDPOINT"],
        region_name=s3_env["S3_REGION"],
        aws_access_key_id=s3_env["S3_ACCESS_KEY"],
        aws_secret_access_key=s3_env["S3_SECRET_KEY"],
    )
    store.put_object(Bucket=s3_env["S3_BUCKET"], Key="a", Body=b"board")
    assert store.get_object(Bucket=s3_env["S3_BUCKET"], Key="a")["Body"].read() == b"board"


def test_a_missing_program_is_told_in_plain_words(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(broker, "binary", lambda: None)
    with pytest.raises(servers.Missing, match="redis-server"):
        servers.redis_program()


def test_stopping_ends_a_process_that_does_not_listen(tmp_path):
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(60)"
    child = subprocess.Popen(
        [sys.executable, "-u", "-c", deaf], stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    servers.stop(child, seconds=0.2)
    child.stdout.close()
    assert not Path(f"/proc/{child.pid}").exists()
