"""A restore over the living shop: by consent of two, wholly or not at all, and nothing is deleted. Real processes."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from evertill.kernel import embedded
from tests.kernel.waiting import ROOT, until
from tests.recovery.copied import copied_shop
from tests.recovery.test_story import flushed, is_at_target, order, write_on
from tests.shop import READY_SECONDS, Shop

# What PostgreSQL says of a control file that is none.
_REFUSES = "database files are incompatible with server"
_EVERTILL = Path(sys.executable).with_name("evertill")


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """A shop that is copied elsewhere."""
    with copied_shop() as shop:
        yield shop


def line_of(shop: Shop) -> str:
    """The line of the shop's copies, once it has a backup."""
    file = shop.folder / "backups" / "line.json"
    until(file.exists, seconds=240)
    line: str = json.loads(file.read_text(encoding="utf-8"))["id"]
    until(lambda: list((shop.folder.parent / "copies" / line / "backups").glob("*/manifest-*")), seconds=240)
    return line


def trade(shop: Shop, name: str) -> dt.datetime:
    """Place an order before and one behind the moment that is returned, and have both copied."""
    line_of(shop)
    moment = order(shop, f"{name}-before@example.com")
    time.sleep(0.01)
    order(shop, f"{name}-after@example.com")
    write_on(shop)
    position = flushed(shop)
    until(lambda: is_at_target(shop, position), seconds=240)
    return moment


def consent(shop: Shop, at: dt.datetime | None, *, url: str = "") -> str:
    """Have two people at the desk consent to a restore over the shop, None to the latest, and return its number."""
    environment = shop.environment() | {
        "DATABASE_URL": url or embedded.shop_url(shop.folder),
        "EVERTILL_DATA": str(shop.folder),
        "DJANGO_SETTINGS_MODULE": "evertill.entry.site.settings",
    }
    words = [sys.executable, "-m", "tests.recovery.consenting", at.isoformat() if at else "latest", line_of(shop)]
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def words_of(shop: Shop, number: str) -> list[str | Path]:
    return [_EVERTILL, "restore", "--over-live", number, "--data", shop.folder]


def restore_over(shop: Shop, number: str, *more: str | Path, says: str) -> subprocess.CompletedProcess[str]:
    words = [*words_of(shop, number), *more]
    return subprocess.run(words, env=shop.environment(), input=says, capture_output=True, text=True, timeout=900)


def break_glass(shop: Shop, why: str, *more: str | Path, says: str) -> subprocess.CompletedProcess[str]:
    words = [_EVERTILL, "restore", "--break-glass", why, "--data", shop.folder, *more]
    return subprocess.run(words, env=shop.environment(), input=says, capture_output=True, text=True, timeout=900)


def has_ended(shop: Shop) -> bool:
    """Whether the shop's process has given up, as one does whose folder another shop has replaced."""
    assert shop.process is not None
    return shop.process.poll() is not None


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """The folder as a mount of its own while the block runs, of the same file system, as containers have it."""
    if subprocess.run(["/usr/bin/mount", "--bind", folder, folder], check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("this user may not mount")
    try:
        yield
    finally:
        subprocess.run(["/usr/bin/umount", "--lazy", folder], check=True)


def buyers(url: str) -> set[str]:
    with psycopg.connect(url) as database:
        return {email for (email,) in database.execute("select email from orders_order").fetchall()}


def addresses(folder: Path) -> list[str]:
    return [embedded.url(folder), embedded.shop_url(folder), embedded.superuser_url(folder)]


def port_of(shop: Shop, url: str) -> str:
    """An address with the port that the shop's database has now."""
    before, now = urlsplit(url), urlsplit(shop.database_url)
    return before._replace(netloc=f"{before.username}:{before.password}@{now.hostname}:{now.port}").geturl()


def is_let_in(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as error:
        assert "password authentication failed" in str(error)  # noqa: PT017 — any other reason would be no proof.
        return False
    return True


def steps(url: str, number: str) -> list[str]:
    with psycopg.connect(url) as database:
        rows = database.execute('select "after" from trail_record where subject_id = %s order by at, seq', [number])
        return [json.loads(after)["step"] for (after,) in rows.fetchall()]


class TestOverLive:
    def test_puts_another_shop_in_the_place_of_the_living_one_by_consent(self, shop: Shop) -> None:
        moment = trade(shop, "first")
        number = consent(shop, moment)
        keys = addresses(shop.folder)

        refused = restore_over(shop, "0000-0000-00000", says="y\n")
        given_up = restore_over(shop, number, says="n\n")
        assert "first-after@example.com" in buyers(shop.database_url)
        done = restore_over(shop, number, says="y\n")
        assert done.returncode == 0, done.stdout + done.stderr
        # It opens again by itself, in the process that was closed.
        shop.wait_ready()
        again = restore_over(shop, number, says="y\n")

        assert refused.returncode == 1
        assert "The shop knows no consent 0000-0000-00000." in refused.stderr
        assert given_up.returncode == 1
        assert "It was not agreed to." in given_up.stderr
        assert "1 orders of the old shop are not in the restored one: 1.00 GBP." in done.stdout
        assert again.returncode == 1
        assert "The shop knows no consent" in again.stderr
        now = buyers(shop.database_url)
        assert "first-before@example.com" in now
        assert "first-after@example.com" not in now
        told = steps(shop.database_url, number)
        assert told[0].startswith(f"By consent {number}: restoring line ")
        assert any("1 orders will not be in the restored one, 1.00 GBP in all" in step for step in told)
        assert told[-1] == "The two exchange places."
        lost = (shop.folder / "lost-orders.csv").read_text(encoding="utf-8").splitlines()
        assert len(lost) == 2
        assert shop.run("audit").returncode == 0
        assert "TRAIL_BROKEN" not in shop.run("alerts").stdout
        # No process of the old shop finds it, and no reader of a backup is let in.
        assert [is_let_in(port_of(shop, url)) for url in keys] == [False, False, False]
        assert [is_let_in(url) for url in addresses(shop.folder)] == [True, True, True]
        (old,) = shop.folder.parent.glob("data.before-*")
        with embedded.running(folder=old, tell=lambda _line: None) as url:
            assert "first-after@example.com" in buyers(url)
            assert steps(url, number) == ["consent given", "the shop is closed, to be replaced"]

    @pytest.mark.parametrize(
        "step",
        [
            pytest.param("Restored beside it", marks=pytest.mark.drill),
            pytest.param("Its books are sound", marks=pytest.mark.drill),
            "Closing the living shop",
            pytest.param("The living shop is closed", marks=pytest.mark.drill),
            "The two exchange places",
            pytest.param("Exchanged", marks=pytest.mark.drill),
        ],
    )
    def test_killed_at_any_step_leaves_the_one_shop_or_the_other(self, shop: Shop, step: str) -> None:
        name = step.replace(" ", "-").lower()
        moment = trade(shop, name)
        number = consent(shop, moment)

        before = shop.folder.stat().st_ino

        kill_at(shop, number, step=step)

        # Whoever closed the shop for it opens it again when nobody restores any more.
        until(lambda: takes_order(shop, f"{name}-later@example.com"), seconds=READY_SECONDS)
        shop.wait_ready()
        now = {email for email in buyers(shop.database_url) if email.startswith(name)} - {f"{name}-later@example.com"}
        # On a busy machine it may have come a step further until it was killed.
        is_exchanged = shop.folder.stat().st_ino != before
        assert is_exchanged or step != "Exchanged"
        assert now == {f"{name}-before@example.com"} | (set() if is_exchanged else {f"{name}-after@example.com"})
        assert shop.run("audit").returncode == 0
        until(lambda: takes_order(shop, f"{name}-last@example.com"), seconds=READY_SECONDS)


class TestClosedMeanwhile:
    @pytest.mark.drill
    def test_it_says_that_nobody_opens_it_again(self, shop: Shop) -> None:
        number = consent(shop, trade(shop, "closed"))

        with begun(shop, number) as process:
            assert process.stdin is not None
            assert process.stderr is not None
            assert process.stdout is not None
            process.stdin.write("y\n")
            process.stdin.flush()
            while not process.stderr.readline().startswith("evertill: Closing the living shop"):
                assert process.poll() is None
            # Whether it still closes, or waits already to open again: who closes it now closes it for good.
            assert shop.process is not None
            shop.process.send_signal(signal.SIGINT)
            until(lambda: has_ended(shop), seconds=240)
            told = process.stdout.read()
        shop.process = None

        assert process.returncode == 0
        assert told.endswith(f"Open it: evertill up --data {shop.folder}\n")
        shop.start()
        now = {email for email in buyers(shop.database_url) if email.startswith("closed")}
        assert now == {"closed-before@example.com"}


class TestLatest:
    def test_takes_over_what_is_ordered_until_the_living_shop_is_closed(self, shop: Shop) -> None:
        trade(shop, "latest")
        number = consent(shop, None)

        with begun(shop, number) as process:
            assert process.stdin is not None
            assert process.stderr is not None
            while not process.stderr.readline().startswith("evertill: Its books are sound"):
                assert process.poll() is None
            order(shop, "latest-late@example.com")
            process.stdin.write("y\n")
            process.stdin.flush()
            told = process.stderr.read()
        assert process.returncode == 0, told
        shop.wait_ready()

        now = {email for email in buyers(shop.database_url) if email.startswith("latest")}
        assert now == {"latest-before@example.com", "latest-after@example.com", "latest-late@example.com"}
        assert "restoring once more, up to its end" in told
        assert "The living shop is closed: 0 orders will not be in the restored one" in told
        assert shop.run("audit").returncode == 0

    @pytest.mark.drill
    def test_killed_while_it_restores_once_more_leaves_the_old_shop(self, shop: Shop) -> None:
        trade(shop, "once-more")
        number = consent(shop, None)

        kill_at(shop, number, step="The living shop went on")

        shop.wait_ready()
        now = {email for email in buyers(shop.database_url) if email.startswith("once-more")}
        assert now == {"once-more-before@example.com", "once-more-after@example.com"}
        assert shop.run("audit").returncode == 0


@pytest.mark.drill
class TestMount:
    def test_of_its_own_is_refused_and_the_restored_shop_opens_from_another_folder(self, shop: Shop) -> None:
        moment = trade(shop, "mount")
        number, other = consent(shop, moment), shop.folder.parent / "other"
        with mounted(shop.folder):
            refused = restore_over(shop, number, says="y\n")
            done = restore_over(shop, number, "--into", other, says="y\n")
            assert done.returncode == 0, done.stdout + done.stderr
            until(lambda: has_ended(shop), seconds=240)

        assert refused.returncode == 1
        assert f"{shop.folder} is a mount of its own, and no other folder can take its name." in refused.stderr
        assert "--into FOLDER" in refused.stderr
        assert f"Open it: evertill up --data {other}" in done.stdout
        assert "1 orders of the old shop are not in the restored one: 1.00 GBP." in done.stdout
        assert f"A shop that was restored into {other} took the place of the one in {shop.folder}" in (
            shop.log.read_text(encoding="utf-8")
        )
        with embedded.running(folder=shop.folder, tell=lambda _line: None) as url:
            assert "mount-after@example.com" in buyers(url)
        shop.folder, shop.process = other, None
        shop.start()
        now = {email for email in buyers(shop.database_url) if email.startswith("mount")}
        assert now == {"mount-before@example.com"}
        assert steps(shop.database_url, number)[-1] == f"It takes the other one's place from {other}."
        assert shop.run("audit").returncode == 0


class TestBrokenDatabase:
    def test_is_replaced_without_consent_and_that_is_loud(self, shop: Shop) -> None:
        trade(shop, "broken")
        refused = break_glass(shop, "I would like to", says="y\n")
        control = shop.folder / "postgres" / "global" / "pg_control"
        damage(control)
        until(lambda: shop.kill_child("postgresql"))
        until(lambda: _REFUSES in (shop.folder / "postgres-start.log").read_text(encoding="utf-8"), seconds=240)

        given_up = break_glass(shop, "the disk lost its control file", says="n\n")
        done = break_glass(shop, "the disk lost its control file", says="y\n")
        assert done.returncode == 0, done.stdout + done.stderr
        shop.wait_ready()

        assert refused.returncode == 1
        assert "The living shop's database can be opened." in refused.stderr
        assert given_up.returncode == 1
        assert "It was not agreed to." in given_up.stderr
        now = {email for email in buyers(shop.database_url) if email.startswith("broken")}
        assert now == {"broken-before@example.com", "broken-after@example.com"}
        assert shop.run("audit").returncode == 0
        assert "RESTORED_WITHOUT_CONSENT" in (told := shop.run("alerts").stdout)
        assert "the disk lost its control file" in told
        recorded = steps(shop.database_url, line_before(shop))
        assert recorded[0].startswith("Without consent: restoring line ")
        assert recorded[-1] == "The two exchange places."
        with psycopg.connect(shop.database_url) as database:
            ((why, after),) = database.execute(
                "select why, \"after\" from trail_record where operation = 'backups.restore'"
                " order by at desc, seq desc limit 1"
            ).fetchall()
        assert why == "the disk lost its control file"
        assert _REFUSES in json.loads(after)["without_consent"]
        order(shop, "broken-later@example.com")
        # What was there is there, as broken as it was.
        old = max(shop.folder.parent.glob(f"{shop.folder.name}.before-*"))
        assert (old / "postgres" / "global" / "pg_control").read_bytes()[:64] == bytes(64)


def damage(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(bytes(64))


def line_before(shop: Shop) -> str:
    """The line of the shop in the place of which this one came."""
    old = max(shop.folder.parent.glob(f"{shop.folder.name}.before-*"))
    line: str = json.loads((old / "backups" / "line.json").read_text(encoding="utf-8"))["id"]
    return line


def takes_order(shop: Shop, email: str) -> bool:
    """Whether the shop takes an order at this moment; while it closes or opens it does not, or does not answer."""
    try:
        order(shop, email)
    except (OSError, http.client.HTTPException, AssertionError):
        return False
    return True


def kill_at(shop: Shop, number: str, *, step: str) -> None:
    """Begin a restore, and kill it as soon as it tells of a step."""
    with begun(shop, number) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("y\n")
        process.stdin.flush()
        told = []
        for line in process.stderr:
            told.append(line)
            if line.startswith(f"evertill: {step}"):
                break
        else:
            raise AssertionError(told)
        process.kill()


def begun(shop: Shop, number: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words_of(shop, number),
        env=shop.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
