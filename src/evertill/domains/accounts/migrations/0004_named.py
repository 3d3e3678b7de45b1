"""Accounts are found by a part of the name that people gave themselves; they are changed while the index grows."""

from django.db import migrations

# Two and three signs each: many names have no more than two.
_GRAMS = """
create function accounts_grams(name text) returns text[] language sql immutable strict parallel safe as $$
    select array(
        select distinct substr(name, place, size)
        from generate_series(2, 3) as size
        cross join lateral generate_series(1, length(name) - size + 1) as place
    )
$$
"""


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0003_found_by_callers'),
    ]

    operations = [
        migrations.RunSQL(_GRAMS, "drop function accounts_grams(text)"),
        migrations.RunSQL(
            """
            create index concurrently if not exists accounts_account_named
                on accounts_account using gin (accounts_grams(lower(display_name collate "C")))
                where state = 'ACTIVE'
            """,
            "drop index concurrently if exists accounts_account_named",
        ),
    ]
