"""Reads one Excel workbook in a process of its own: a program, not a module of the shop (kernel.workbooks starts it).

What reads workbooks best ends its whole process on a file of two kilobytes that claims to have a cell at the far end of
the grid. Here it ends this process alone, which may take little memory and little time.

It reads the file from its input, and writes the first sheet to its output: one JSON line for each row that has a cell,
`[number, [cells …]]`. Beyond a limit it writes one line `"ROWS"`, `"COLUMNS"` or `"BYTES"` and ends: a text that stands
once in the file may stand in each of its cells.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import resource
import sys
from contextlib import suppress
from decimal import Decimal


def main(rows_max: int, columns_max: int, bytes_max: int, memory_bytes_max: int, seconds_max: int) -> int:
    """This function will read the workbook within these limits and return how it went: 0, or 1 when it is broken."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds_max, seconds_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not every system lets a process limit its memory; Linux does.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    # Only now: what it does from here on is limited.
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415

    content = io.BytesIO(sys.stdin.buffer.read())
    try:
        sheet = CalamineWorkbook.from_filelike(content).get_sheet_by_index(0)
        top = sheet.start[0] if sheet.start else 0
        rows = sheet.to_python(skip_empty_area=True) if sheet.total_height else []
        left = sheet.start[1] if sheet.start else 0
    except (CalamineError, IndexError, ValueError) as error:
        sys.stderr.write(str(error)[:200])
        return 1
    count = written_bytes = 0
    for number, row in enumerate(rows, start=top + 1):
        cells = [""] * left + [written(cell) for cell in row]
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        count += 1
        line = json.dumps([number, cells], ensure_ascii=False)
        written_bytes += len(line.encode())
        # The heading is a row too.
        too_many = {
            "COLUMNS": len(cells) > columns_max,
            "ROWS": count > rows_max + 1,
            "BYTES": written_bytes > bytes_max,
        }
        if any(too_many.values()):
            sys.stdout.write(json.dumps(next(what for what in too_many if too_many[what])) + "\n")
            return 0
        sys.stdout.write(line + "\n")
    return 0


def written(cell: object) -> str:
    """This function will write a cell as somebody would have typed it: a number without what floats add to it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        # Excel itself has fifteen digits; what a float has beyond them nobody typed.
        return f"{Decimal(format(cell, '.15g')):f}"
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
