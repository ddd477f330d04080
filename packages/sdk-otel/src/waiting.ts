import { type Context, context, createContextKey, type Span } from '@opentelemetry/api';
import type { Attempt } from './attempts.ts';
import type { SpanValues } from './attributes.ts';
import { recordFailure } from './failure.ts';
import { activeUnder } from './handover.ts';
import { waitVerdict } from './outcome.ts';
import type { ClientTelemetryConfig } from './settings.ts';
import { describe, endSpan, type SpanPlan, startSpan, type Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

/**
 * A wait or memo of a durable task. Its span starts when its turn in the event log comes, since only then is it known
 * whether an invocation before has made it.
 */
export interface Turn {
  readonly context: Context;
  readonly span: Span | undefined;
  begin(details?: SpanValues): void;
}

/** The durable task that waits. */
export interface WaitingTask {
  readonly taskRunId: string;
  readonly invocation: number;
  readonly client: ClientTelemetryConfig | undefined;
  readonly signal: Attempt['signal'];
  /** an engine without an event log: then there is no turn to wait for */
  readonly withoutLog: boolean;
}

/** A durable wait or memo, from its turn to its end. */
export function waiting<Args extends readonly unknown[], Result>(
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
      return span ? activeUnder(span, above) : above;
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
    succeeded: () => {
      if (!span?.isRecording() || !plan) return;
      if (isWait) describe(telemetry, span, client, () => ({ hatchet: { outcome: 'completed' } }));
      endSpan(telemetry, span, plan);
    },
    failed: (thrown) => {
      if (!span?.isRecording() || !plan) return;
      const attempt = telemetry.attempts.latest(taskRunId);
      const { outcome, error } = waitVerdict(thrown, task.signal, attempt?.timedOut);
      if (isWait) describe(telemetry, span, client, () => ({ hatchet: { outcome } }));
      if (error) recordFailure(span, error.thrown);
      endSpan(telemetry, span, plan, error);
    },
  };
}

/** The wait or memo whose request is being sent. */
export function activeTurn(): Turn | undefined {
  return context.active().getValue(TURN) as Turn | undefined;
}

/** Calls the memo's function inside its span, which did not exist when the memo was asked for. */
export function inTurn<T>(turn: Turn, compute: () => T): T {
  return turn.span ? context.with(turn.context, compute) : compute();
}

const TURN = createContextKey('@hatchet-ts/sdk-otel turn in the event log');
