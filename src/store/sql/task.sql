-- SPDX-License-Identifier: Apache-2.0
-- Tasks: what waits, what runs, what became of it.

-- TASK_ADD: name, user, key (0: none), address, method, sealed arguments, now
INSERT INTO task (name, user_id, key_id, ip, method, args, state, due, created_on)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?7)
-- TASKS_OPEN: user; how many of theirs have not ended, and of all
SELECT coalesce(sum(CASE WHEN t.user_id = ?1 THEN 1 ELSE 0 END), 0), count(*) FROM task t
 WHERE t.state IN ('pending', 'running')
-- TASKS_TRIM: user, how many of those that have ended are kept
DELETE FROM task
 WHERE user_id = ?1 AND state IN ('done', 'failed') AND task_id <=
       (SELECT t.task_id FROM task t WHERE t.user_id = ?1 AND t.state IN ('done', 'failed')
         ORDER BY t.task_id DESC LIMIT 1 OFFSET ?2)
-- TASKS_FORGET: time; deletes those that have ended before it
DELETE FROM task WHERE state IN ('done', 'failed') AND finished_on < ?1

-- DEFINE TASK_COLUMNS: what read_task() in task.c expects, in this order
t.task_id, t.name, t.user_id, t.key_id, t.ip, t.method, t.args, t.state, t.runner, t.tries,
t.percent, t.line, t.result, t.error, t.created_on, t.started_on, t.finished_on

-- TASK_BY_NAME: name
SELECT @TASK_COLUMNS@ FROM task t WHERE t.name = ?1
-- TASK_NEXT: now, most that run of one user, most that run; the next one that can begin: of users with few first
SELECT @TASK_COLUMNS@ FROM task t
  LEFT JOIN (SELECT r.user_id, count(*) AS busy FROM task r WHERE r.state = 'running' GROUP BY r.user_id) b
         ON b.user_id = t.user_id
 WHERE t.state = 'pending' AND t.due <= ?1 AND coalesce(b.busy, 0) < ?2
   AND (SELECT count(*) FROM task a WHERE a.state = 'running') < ?3
 ORDER BY coalesce(b.busy, 0), t.task_id LIMIT 1
-- TASK_CLAIM: task, runner, now
UPDATE task SET state = 'running', runner = ?2, started_on = ?3 WHERE task_id = ?1 AND state = 'pending'
-- TASKS_RUNNING: those that run
SELECT @TASK_COLUMNS@ FROM task t WHERE t.state = 'running' ORDER BY t.task_id
-- TASK_TELL: task, runner, percent (-1: unknown), line
UPDATE task SET percent = CASE WHEN ?3 < 0 THEN NULL ELSE CAST(?3 AS BIGINT) END, line = ?4
 WHERE task_id = ?1 AND runner = ?2 AND state = 'running'
-- TASK_END: task, runner, state, result, error, now
UPDATE task SET state = ?3, result = ?4, error = ?5, finished_on = ?6, args = NULL, runner = NULL,
       percent = CASE WHEN ?3 = 'done' AND percent IS NOT NULL THEN 100 ELSE percent END
 WHERE task_id = ?1 AND runner = ?2 AND state = 'running'
-- TASK_AGAIN: task, runner, due, put off (1) or only interrupted (0)
UPDATE task SET state = 'pending', runner = NULL, due = ?3, tries = tries + ?4, started_on = NULL,
       percent = NULL, line = NULL
 WHERE task_id = ?1 AND runner = ?2 AND state = 'running'

-- TASKS_SEALED: id; the next ones after it
SELECT t.task_id, 0, t.args FROM task t WHERE t.task_id > ?1 AND t.args IS NOT NULL
 ORDER BY t.task_id LIMIT 500
-- TASK_RESEAL: id, sealed
UPDATE task SET args = ?2 WHERE task_id = ?1
