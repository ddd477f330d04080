import {
  type DesiredWorkerLabels,
  WorkerLabelComparator,
} from '@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js';
import type { DesiredLabel, DesiredLabels, LabelComparator } from '@hatchet-ts/storage/workflows';
import { Refusal } from '../refusal.ts';

/** Hatchet's default weight. */
const WEIGHT = 100;

/** Reads the desired worker labels of a task or a run; undefined if there are none. @throws Refusal */
export function desiredLabels(labels: Record<string, DesiredWorkerLabels>, where: string): DesiredLabels | undefined {
  const entries = Object.entries(labels);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([key, label]) => [key, desiredLabel(label, `label ${key} of ${where}`)]));
}

function desiredLabel(label: DesiredWorkerLabels, where: string): DesiredLabel {
  const value = label.strValue ?? label.intValue;
  if (value === undefined) throw new Refusal('invalid', `${where} must have a value`);
  const comparator = COMPARATORS[label.comparator ?? WorkerLabelComparator.EQUAL];
  if (!comparator) throw new Refusal('invalid', `${where} has an unknown comparator`);
  if (typeof value === 'string' && comparator !== '=' && comparator !== '!=') {
    throw new Refusal('invalid', `${where} compares text by ${comparator}; text allows only = and !=`);
  }
  return { value, comparator, required: label.required ?? false, weight: label.weight ?? WEIGHT };
}

const COMPARATORS: Partial<Record<WorkerLabelComparator, LabelComparator>> = {
  [WorkerLabelComparator.EQUAL]: '=',
  [WorkerLabelComparator.NOT_EQUAL]: '!=',
  [WorkerLabelComparator.GREATER_THAN]: '>',
  [WorkerLabelComparator.GREATER_THAN_OR_EQUAL]: '>=',
  [WorkerLabelComparator.LESS_THAN]: '<',
  [WorkerLabelComparator.LESS_THAN_OR_EQUAL]: '<=',
};
