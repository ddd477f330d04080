import type { RunRow, TaskRow } from '@hatchet-ts/storage/runs';
import { expect, test } from 'vitest';
import { Effects, type EffectTargets } from './effects.ts';

test('an effect that fails is reported, and keeps no slot occupied and no run waiting', () => {
  const errors: unknown[] = [];
  const applied: string[] = [];
  const note = (name: string) => () => {
    applied.push(name);
  };
  const fail = (name: string) => () => {
    throw new Error(name);
  };
  const effects = new Effects((error) => errors.push(error));
  effects.connect({
    registry: { steps: () => [] },
    spans: { recordAttempt: () => {}, recordQueued: () => {}, recordRun: () => {} },
    dispatch: { cancel: fail('cancel') },
    progress: { publish: fail('publish') },
    pool: { release: note('release') },
    durable: { attemptEnded: fail('durable'), runEnded: note('durable run ended') },
    scheduling: { wake: note('wake'), queued: fail('queued') },
    timers: { set: note('timer') },
    results: { runEnded: note('results') },
  } as unknown as EffectTargets);
  const run = { id: 'r', traceparent: null } as RunRow;
  const task = { id: 't', retryCount: 0 } as TaskRow;
  effects.apply([
    { kind: 'attempt-ended', run, task, at: 0, outcome: 'cancelled', stopReason: 'cancelled' },
    { kind: 'queued', task, slots: {}, batched: false },
    { kind: 'timer', dueAt: 1 },
    { kind: 'run-ended', run, at: 0, outcome: 'cancelled' },
  ]);
  expect(applied).toEqual(['release', 'wake', 'timer', 'results', 'durable run ended']);
  expect(errors).toEqual(['cancel', 'publish', 'durable', 'queued', 'publish'].map((name) => new Error(name)));
});
