-- Takes the jobs of workers that gave no sign of life for a while, or that are gone, away from them: back into the
-- queue, or out of it where the same job waits there already. One statement decides and acts, so that a job which
-- another rescuer has taken meanwhile is left alone.
with stalled as (
    select job.id, job.queueing_lock
    from procrastinate_jobs as job
    left join procrastinate_workers as worker on worker.id = job.worker_id
    where job.status = 'doing'
      and (worker.id is null or worker.last_heartbeat < now() - make_interval(secs => %(stalled_s)s))
    order by job.id
    limit %(jobs_max)s
    for update of job skip locked
),
judged as (
    select
        stalled.id,
        stalled.queueing_lock is not null
            and (
                row_number() over (partition by stalled.queueing_lock order by stalled.id) > 1
                or exists (
                    select 1
                    from procrastinate_jobs as waiting
                    where waiting.status = 'todo'
                      and waiting.queueing_lock = stalled.queueing_lock
                )
            ) as is_superseded
    from stalled
)
update procrastinate_jobs as job
set status = case when judged.is_superseded then 'aborted' else 'todo' end::procrastinate_job_status,
    attempts = job.attempts + 1,
    abort_requested = false,
    scheduled_at = null,
    worker_id = null
from judged
where job.id = judged.id
  and job.status = 'doing'
returning job.id, job.task_name, job.attempts, judged.is_superseded
