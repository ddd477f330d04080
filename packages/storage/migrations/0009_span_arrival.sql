-- The transaction that stored a span. A reader that follows a trace reads the spans of the transactions that its last
-- snapshot did not see. A sequence would not do: its numbers are given before the commit, so a reader can pass one that
-- becomes visible later. Null: the span was stored before this column existed.
ALTER TABLE span ADD COLUMN stored_by xid8;
ALTER TABLE span ALTER COLUMN stored_by SET DEFAULT pg_current_xact_id();
CREATE INDEX span_trace_stored ON span (trace_id, stored_by);
