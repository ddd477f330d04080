import { TraceIdRatioSampler } from '@hatchet-ts/ratio-sampler';
import { diag } from '@opentelemetry/api';
import type { Environment } from './span-exporters.ts';

/** Value of `OTEL_TRACES_SAMPLER` for the sampler of Hatchet's services. */
const HATCHET_SAMPLER = 'hatchet_traceidratio';

/**
 * Creates the sampler of `OTEL_TRACES_SAMPLER=hatchet_traceidratio` with the ratio of `OTEL_TRACES_SAMPLER_ARG`: it keeps
 * the traces that Hatchet's services keep at the same ratio. Returns undefined for all other samplers, which are the SDK's.
 */
export function samplerFromEnvironment(env: Environment): TraceIdRatioSampler | undefined {
  if (env.OTEL_TRACES_SAMPLER?.trim() !== HATCHET_SAMPLER) return undefined;
  const text = env.OTEL_TRACES_SAMPLER_ARG?.trim() ?? '';
  const ratio = text === '' ? Number.NaN : Number(text);
  if (ratio >= 0 && ratio <= 1) return new TraceIdRatioSampler(ratio);
  diag.warn(
    `@hatchet-ts/sdk-otel: OTEL_TRACES_SAMPLER_ARG is ${JSON.stringify(text)}, which is invalid; all traces are kept; expected a number from 0 to 1, for example 0.25`,
  );
  return new TraceIdRatioSampler(1);
}
