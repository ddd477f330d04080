export { TraceIdRatioSampler } from '@hatchet-ts/ratio-sampler';
