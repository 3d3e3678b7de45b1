"""Backups at the desk, in a real browser: the pictures of drills, and a certificate."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.clerk import hire
from tests.browser.exam import LANGUAGES, Exam
from tests.browser.guard import Guard
from tests.browser.visitor import Door
from tests.shop import Shop

LINE = "0123456789abcdef"


@pytest.fixture
def tried(shop: Shop) -> None:
    """Two days of backups and drills, one of which failed, as the shop's own tables have them."""
    place = shop.folder / "backups"
    place.mkdir(exist_ok=True)
    now = dt.datetime.now(dt.UTC)
    line = {"id": LINE, "system": "1", "segment_bytes": 1 << 24, "began_at": now.isoformat(), "format": 1}
    (place / "line.json").write_text(json.dumps(line), encoding="utf-8")
    (place / "log.json").write_text("0", encoding="utf-8")
    drill = """
        insert into recovery_drill (occasion, backup, began_at, ended_at, verdict, rpo_ms, rto_ms, certificate)
        select
            'RANDOM', 'x', moment - interval '9 seconds', moment, case when n = 13 then 'FAILED' else 'PASSED' end,
            case when n <> 13 then 120 + n * 37 %% 400 end, case when n <> 13 then 5000 + n * 811 %% 3000 end,
            array['✓ every file is as PostgreSQL listed it', '✓ its books are sound']
        from (select n, %s::timestamptz - n * interval '70 minutes' as moment from generate_series(1, 40) as n) as hours
    """
    backup = """
        insert into recovery_backup
            (id, line, kind, state, parent, began_at, ended_at, start, stop, plain_bytes, stored_bytes, error)
        select
            'b' || n, %s, case when n = 9 then 'FULL' else 'INCREMENTAL' end,
            case when n = 4 then 'FAILED' else 'COMPLETE' end, case when n = 9 then null else 'b9' end, moment,
            moment + interval '4 seconds', 10 - n, 11 - n, 40000000 / n, 9000000 / n,
            case when n = 4 then 'sftp://copies: No space left on device.' else '' end
        from (select n, %s::timestamptz - n * interval '60 minutes' as moment from generate_series(1, 9) as n) as hours
        on conflict do nothing
    """
    with psycopg.connect(shop.database_url) as database:
        database.execute(drill, [now])
        database.execute(backup, [LINE, now])


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_auditor_sees_whether_the_shop_could_be_brought_back(
    enter: Door, shop: Shop, pictures: Path | None, language: str
) -> None:
    eve = hire(enter, shop, "auditor", mail=f"eve.{language}@example.com", language=language)
    exam = Exam(language=language, folder=pictures, of="desk-", is_translation=language != "en")

    eve.open("recovery/")
    eve.visitor.sees("Backups")
    exam.look(eve.page, "recovery")
    assert eve.find("svg[role=img]").count() == 2
    eve.press(eve.find("tbody th a").first)
    eve.visitor.sees("Restore drill")
    exam.look(eve.page, "recovery-drill")

    assert not exam.faults, "\n".join(exam.faults)


@pytest.mark.usefixtures("tried")
def test_a_restore_over_the_living_shop_takes_two_people(
    enter: Door, shop: Shop, guard: Guard, pictures: Path | None
) -> None:
    boss = hire(enter, shop, "administrator", mail=f"boss.{secrets.token_hex(3)}@example.com")
    owner = hire(enter, shop, "owner", mail=f"owner.{secrets.token_hex(3)}@example.com")
    exam = Exam(language="en", folder=pictures, of="desk-")

    boss.open("recovery/restore")
    boss.find("#why").fill("every price became nonsense")
    exam.look(boss.page, "restore")
    with guard.expecting(403):
        boss.press("form.panel button.main")
        boss.visitor.sees("Another person has to approve this")
    boss.find("#why_ask").fill("every price became nonsense")
    boss.press("button[name=ask]")
    boss.prove()
    boss.is_told("Another person was asked to approve it. When that is done, come back here and say the same again.")

    owner.approve(asked="every price became nonsense", why="seen it")

    boss.press("form.panel button.main")
    boss.prove()
    boss.visitor.sees("Restore over the living shop")
    expect(boss.find("section.notice code")).to_contain_text("evertill restore --over-live")
    exam.look(boss.page, "restore-consented")
    assert not exam.faults, "\n".join(exam.faults)
