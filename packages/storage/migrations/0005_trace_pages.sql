-- A page of a trace is read in the order of time, without looking at the rest of the trace; and the traces of a run are
-- found without looking at its spans one by one.
CREATE INDEX span_trace_time ON span (trace_id, start_time);
CREATE INDEX span_run_trace ON span (run_id, tenant_id, trace_id) WHERE run_id IS NOT NULL;
DROP INDEX span_run;
