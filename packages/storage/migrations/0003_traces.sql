-- Spans as the OTLP receiver got them. Times are nanoseconds since 1970; ids are hexadecimal.

CREATE TABLE span (
  trace_id text NOT NULL,
  span_id text NOT NULL,
  owner_id uuid NOT NULL,            -- tenant of the token that they came with; the nil UUID for the operator's
  tenant_id uuid,                    -- the tenant that may see it: the owner, or whom an operator's span says it worked for
  parent_span_id text,
  trace_state text,
  flags bigint NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  service_name text NOT NULL,
  scope_name text NOT NULL,
  scope_version text NOT NULL,
  start_time bigint NOT NULL,
  end_time bigint NOT NULL,
  status_code text NOT NULL,
  status_message text,
  attributes jsonb NOT NULL,
  resource_attributes jsonb NOT NULL,
  events jsonb NOT NULL,             -- [{name, timeUnixNano, attributes, droppedAttributesCount}]
  links jsonb NOT NULL,              -- [{traceId, spanId, traceState, flags, attributes, droppedAttributesCount}]
  dropped_attributes_count bigint NOT NULL,
  dropped_events_count bigint NOT NULL,
  dropped_links_count bigint NOT NULL,
  -- from the attributes, where these are UUIDs
  run_id uuid,
  task_id uuid,
  retry_count integer NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (trace_id, span_id, owner_id)
);
-- A run's spans may lie in several traces: an attempt can have one of its own.
CREATE INDEX span_run ON span (run_id, tenant_id) WHERE run_id IS NOT NULL;
