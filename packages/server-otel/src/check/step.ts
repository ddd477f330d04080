/** What `check` tries, in this order; the first that fails ends it. */
export const STEPS = {
  resolve: 'the name of the collector has an address',
  connect: 'something accepts connections there',
  tls: 'the TLS handshake, in both directions',
  http2: 'it speaks HTTP/2, which gRPC needs',
  authenticate: 'it accepts the authorisation',
  span: 'it takes a span',
  metric: 'it takes a metric',
} as const;

export type StepName = keyof typeof STEPS;

export interface StepResult {
  readonly step: StepName;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** What was seen. */
  readonly detail: string;
  /** The likely cause of a failure and what to do about it. */
  readonly cause?: string;
}

/** A step failed; ends the check. */
export class StepFailure extends Error {
  readonly causeGuess: string;

  constructor(detail: string, cause: string) {
    super(detail);
    this.causeGuess = cause;
  }
}

/** `promise`, or a failure when it takes longer than `millis`. */
export async function within<T>(millis: number, promise: Promise<T>, failure: () => StepFailure): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(failure()), millis);
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
