export { isTraceIdSampled, TraceIdRatioSampler } from '@hatchet-ts/ratio-sampler';
