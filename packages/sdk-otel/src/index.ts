export { HATCHET_ATTRIBUTES, type HatchetAttribute } from './attributes.ts';
export type { CaptureOptions } from './capture.ts';
export type { ExcludableAttribute } from './excluded-attributes.ts';
export type { Explanation } from './explanation.ts';
export { HatchetInstrumentor } from './instrumentor.ts';
export type { PatchedClass } from './patched-methods.ts';
export type { RelatedAction, Relation, RelationOption } from './relation.ts';
export type { HatchetInstrumentorConfig } from './settings.ts';
export type { HatchetOperation } from './spans.ts';
