-- The API deletes a workflow: it, its triggers, schedules and crons. Its versions stay, for runs that have one of them.
ALTER TABLE workflow_version DROP CONSTRAINT workflow_version_workflow_id_fkey;

-- The engine keeps workflows in memory: it listens, and forgets this one.
CREATE FUNCTION notify_workflow_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('workflow_deleted', OLD.id::text);
  RETURN NULL;
END
$$;
CREATE TRIGGER workflow_deleted AFTER DELETE ON workflow
  FOR EACH ROW EXECUTE FUNCTION notify_workflow_deleted();
