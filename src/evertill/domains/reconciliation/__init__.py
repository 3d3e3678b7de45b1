"""Reconciliation: providers' daily bills as they came, and where they and our books do not say the same.

It knows lines, amounts and differences; what stands in our books is told to it.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.reconciliation.operations import (
        DifferenceSettled,
        RunOvertaken,
        begin_run,
        drop_run,
        end_pass,
        lock_difference,
        open_pass,
        record_differences,
        rename_subject,
        settle_difference,
        store_lines,
    )
    from evertill.domains.reconciliation.queries import (
        count_all_open,
        count_open,
        find_capture,
        find_count_differences,
        find_line_sums,
        find_unbilled,
        read_booked,
        read_differences,
        read_open,
        read_part,
        read_runs,
        seek_captures,
        seek_day,
        stream_subjects,
        sum_fee,
    )
    from evertill.domains.reconciliation.rules import (
        choose_due,
        is_overdue,
        is_pending,
        judge,
        span_of,
        suggest,
        what_is_booked,
    )
    from evertill.domains.reconciliation.types import (
        About,
        Capture,
        Difference,
        Ending,
        Found,
        How,
        Kind,
        Line,
        Run,
        Span,
        Standing,
        State,
        Subject,
        Sums,
        Verdict,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "About",
    "Capture",
    "Difference",
    "DifferenceSettled",
    "Ending",
    "Found",
    "How",
    "Kind",
    "Line",
    "Run",
    "RunOvertaken",
    "Span",
    "Standing",
    "State",
    "Subject",
    "Sums",
    "Verdict",
    "begin_run",
    "choose_due",
    "count_all_open",
    "count_open",
    "drop_run",
    "end_pass",
    "find_capture",
    "find_count_differences",
    "find_line_sums",
    "find_unbilled",
    "is_overdue",
    "is_pending",
    "judge",
    "lock_difference",
    "open_pass",
    "read_booked",
    "read_differences",
    "read_open",
    "read_part",
    "read_runs",
    "record_differences",
    "rename_subject",
    "seek_captures",
    "seek_day",
    "settle_difference",
    "span_of",
    "store_lines",
    "stream_subjects",
    "suggest",
    "sum_fee",
    "what_is_booked",
]
