import { type Context, context, createContextKey, type Span } from '@opentelemetry/api';
import type { Attempt } from '../attempts/attempt-memory.ts';
import { waitVerdict } from '../attempts/outcome.ts';
import type { PreparedCall } from '../call/prepared-call.ts';
import type { ClientTelemetryConfig } from '../configuration/settings.ts';
import { contextBelow } from '../context/outgoing-context.ts';
import type { SpanValues } from '../tables/attributes.ts';
import { recordFailure } from '../telemetry/failure.ts';
import { describe, endSpan, type SpanPlan, startSpan } from '../telemetry/span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/**
 * Turn of a wait or memo in the event log. Its span starts when the turn begins, since only then it is known if an earlier
 * invocation has made it.
 */
export interface Turn {
  readonly context: Context;
  readonly span: Span | undefined;
  begin(details?: SpanValues): void;
}

/** Durable task that waits. */
export interface WaitingTask {
  readonly taskRunId: string;
  readonly invocation: number;
  readonly client: ClientTelemetryConfig | undefined;
  readonly signal: Attempt['signal'];
  /** True for an engine without an event log: the span then starts at once. */
  readonly withoutLog: boolean;
}

/** Prepares a durable wait or memo, with a span from its turn to its end. */
export function prepareWait<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  operation: 'durable.wait_for' | 'durable.memo',
  args: Args,
  task: WaitingTask,
  withTurn: (turn: Turn) => Args = () => args,
): PreparedCall<Args, Result> | undefined {
  if (!telemetry.tracing) return undefined;
  const above = context.active();
  const { taskRunId, invocation, client } = task;
  let plan: SpanPlan | undefined;
  let span: Span | undefined;
  const turn: Turn = {
    get context() {
      return span ? contextBelow(span, above) : above;
    },
    get span() {
      return span;
    },
    begin(details) {
      if (span) return;
      plan = {
        operation,
        args,
        client,
        details: () => ({
          hatchet: {
            step_run_id: taskRunId,
            durable_invocation_count: invocation > 1 ? invocation : undefined,
            ...details?.hatchet,
          },
        }),
      };
      span = startSpan(telemetry, plan, above);
    },
  };
  if (task.withoutLog) turn.begin();
  const isWait = operation === 'durable.wait_for';
  return {
    args: withTurn(turn),
    context: above.setValue(TURN, turn),
    onSuccess: () => {
      if (!span?.isRecording() || !plan) return;
      if (isWait) describe(telemetry, span, client, () => ({ hatchet: { outcome: 'completed' } }));
      endSpan(telemetry, span, plan);
    },
    onError: (thrown) => {
      if (!span?.isRecording() || !plan) return;
      const attempt = telemetry.attempts.latest(taskRunId);
      const { outcome, error } = waitVerdict(thrown, task.signal, attempt?.timedOut);
      if (isWait) describe(telemetry, span, client, () => ({ hatchet: { outcome } }));
      if (error) recordFailure(span, error.thrown);
      endSpan(telemetry, span, plan, error);
    },
  };
}

/** Returns the wait or memo whose request is being sent. */
export function activeTurn(): Turn | undefined {
  return context.active().getValue(TURN) as Turn | undefined;
}

/**
 * Calls the memo's function inside its span, which does not exist yet when `ctx.memo` is called; in a replay it exists only
 * if the function is called, since an earlier invocation may have computed the value.
 */
export function runInTurn<T>(turn: Turn, compute: () => T): T {
  turn.begin();
  return turn.span ? context.with(turn.context, compute) : compute();
}

const TURN = createContextKey('@hatchet-ts/sdk-otel turn in the event log');
