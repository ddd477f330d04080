import type { Attributes, Counter, Histogram, Meter, ObservableResult, UpDownCounter } from '@opentelemetry/api';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Row of the metric table. */
export interface MetricDefinition {
  readonly type: 'histogram' | 'counter' | 'up-down counter' | 'observable gauge';
  /** Unit in UCUM. */
  readonly unit: string;
  readonly description: string;
  /** Attributes that it may have, each with few values. */
  readonly attributes: readonly string[];
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

const PRODUCER_ATTRIBUTES = [
  'messaging.system',
  'messaging.operation.name',
  'messaging.destination.name',
  'error.type',
] as const;
const PROCESS_ATTRIBUTES = [...PRODUCER_ATTRIBUTES, 'hatchet.step_name', 'hatchet.outcome'] as const;
const TASK_ATTRIBUTES = ['hatchet.workflow_name', 'hatchet.step_name'] as const;

/** Name of a metric. */
export type MetricName =
  | 'messaging.client.operation.duration'
  | 'messaging.client.sent.messages'
  | 'messaging.process.duration'
  | 'messaging.client.consumed.messages'
  | 'hatchet.task.queue_time'
  | 'hatchet.task.active'
  | 'hatchet.worker.slots';

/** All metrics of this package. */
export const METRICS: { readonly [M in MetricName]: MetricDefinition } = {
  'messaging.client.operation.duration': {
    type: 'histogram',
    unit: 's',
    description: 'Duration of a call that triggers runs, pushes events, schedules or creates crons.',
    attributes: PRODUCER_ATTRIBUTES,
    buckets: SECONDS,
  },
  'messaging.client.sent.messages': {
    type: 'counter',
    unit: '{message}',
    description: 'Runs and events sent; each item of a bulk call counts.',
    attributes: PRODUCER_ATTRIBUTES,
  },
  'messaging.process.duration': {
    type: 'histogram',
    unit: 's',
    description: 'Duration of an attempt of a task or batch.',
    attributes: PROCESS_ATTRIBUTES,
    buckets: SECONDS,
  },
  'messaging.client.consumed.messages': {
    type: 'counter',
    unit: '{message}',
    description: 'Attempts that ended; each item of a batch counts.',
    attributes: PROCESS_ATTRIBUTES,
  },
  'hatchet.task.queue_time': {
    type: 'histogram',
    unit: 's',
    description:
      'Time from the creation of a task to its first start on a worker, if the engine sends the time of creation.',
    attributes: TASK_ATTRIBUTES,
    buckets: [...SECONDS, 30, 60, 300, 1800],
  },
  'hatchet.task.active': {
    type: 'up-down counter',
    unit: '{task}',
    description: 'Tasks that are running on this worker.',
    attributes: TASK_ATTRIBUTES,
  },
  'hatchet.worker.slots': {
    type: 'observable gauge',
    unit: '{slot}',
    description: "Slots of this process's workers.",
    attributes: ['hatchet.slot.kind'],
  },
};

/** Part of the SDK's worker that has its slots. */
export interface SlotHolder {
  readonly slotConfig?: Readonly<Record<string, number | undefined>> | undefined;
}

/** Instruments of one meter. */
export class Metrics {
  readonly #duration: Histogram;
  readonly #sent: Counter;
  readonly #processDuration: Histogram;
  readonly #consumed: Counter;
  readonly #queueTime: Histogram;
  readonly #active: UpDownCounter;
  readonly #stopObserving: () => void;

  constructor(meter: Meter, workers: ReadonlySet<SlotHolder>) {
    const histogram = (name: MetricName) => meter.createHistogram(name, optionsOf(name));
    this.#duration = histogram('messaging.client.operation.duration');
    this.#sent = meter.createCounter('messaging.client.sent.messages', optionsOf('messaging.client.sent.messages'));
    this.#processDuration = histogram('messaging.process.duration');
    this.#consumed = meter.createCounter(
      'messaging.client.consumed.messages',
      optionsOf('messaging.client.consumed.messages'),
    );
    this.#queueTime = histogram('hatchet.task.queue_time');
    this.#active = meter.createUpDownCounter('hatchet.task.active', optionsOf('hatchet.task.active'));
    const slots = meter.createObservableGauge('hatchet.worker.slots', optionsOf('hatchet.worker.slots'));
    const observe = (result: ObservableResult) => {
      for (const [kind, count] of slotsByKind(workers)) result.observe(count, { 'hatchet.slot.kind': kind });
    };
    slots.addCallback(observe);
    this.#stopObserving = () => slots.removeCallback(observe);
  }

  /** Records the duration of a call that sends. */
  recordCall(seconds: number, attributes: Attributes): void {
    this.#duration.record(seconds, attributes);
  }

  countSent(messages: number, attributes: Attributes): void {
    this.#sent.add(messages, attributes);
  }

  /** Records the end of an attempt of a task, or of a batch of `messages` items. */
  recordProcessed(seconds: number, messages: number, attributes: Attributes): void {
    this.#processDuration.record(seconds, attributes);
    this.#consumed.add(messages, attributes);
  }

  recordQueueTime(seconds: number, attributes: Attributes): void {
    this.#queueTime.record(seconds, attributes);
  }

  /** Changes the number of running tasks. */
  changeActive(change: number, attributes: Attributes): void {
    this.#active.add(change, attributes);
  }

  /** Stops observing, when another meter replaces this one. */
  close(): void {
    this.#stopObserving();
  }
}

function optionsOf(name: MetricName): {
  unit: string;
  description: string;
  advice?: { explicitBucketBoundaries: number[] };
} {
  const { unit, description, buckets } = METRICS[name];
  return { unit, description, ...(buckets && { advice: { explicitBucketBoundaries: [...buckets] } }) };
}

function slotsByKind(workers: ReadonlySet<SlotHolder>): Map<string, number> {
  const slots = new Map<string, number>();
  for (const { slotConfig } of workers) {
    for (const [kind, count] of Object.entries(slotConfig ?? {})) {
      if (typeof count === 'number') slots.set(kind, (slots.get(kind) ?? 0) + count);
    }
  }
  return slots;
}
