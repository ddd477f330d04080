/** Steps of `check`, in order; the first failure ends it. */
export const STEPS = {
  resolve: 'the name of the collector, or of its proxy, resolves to an address',
  connect: 'the address accepts TCP connections',
  proxy: 'the proxy opens a tunnel to the collector',
  tls: 'the TLS handshake, with the certificates of both sides',
  http2: 'the collector speaks HTTP/2, which gRPC needs',
  authenticate: 'the collector accepts the authorization',
  span: 'the collector accepts a span',
  metric: 'the collector accepts a metric',
} as const;

export type StepName = keyof typeof STEPS;

export interface StepResult {
  readonly step: StepName;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** The observed result. */
  readonly detail: string;
  /** Likely cause of a failure, and the remedy. */
  readonly cause?: string;
}

/** A failed step; ends the check. */
export class StepFailure extends Error {
  readonly likelyCause: string;

  constructor(detail: string, cause: string) {
    super(detail);
    this.likelyCause = cause;
  }
}
