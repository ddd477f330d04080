import type { Attributes, BatchObservableResult, Meter, ObservableGauge } from '@opentelemetry/api';
import type { Instrument } from './instruments.ts';

/** Observes a value of one of the gauges. */
export type Observe<Name extends string> = (name: Name, value: number, attributes?: Attributes) => void;

/** Gauges that are read together. */
export interface GaugeSource<Name extends string, Reading> {
  readonly instruments: Readonly<Record<Name, Instrument>>;
  /** Reads the values. A reading is reused for `maxAgeMs`, because collections may be frequent. */
  readonly read: () => Promise<Reading>;
  readonly maxAgeMs: number;
  readonly show: (reading: Reading, observe: Observe<Name>) => void;
}

/**
 * Observes gauges whenever metrics are collected. If a reading fails, its gauges have a gap, which tells more than an old
 * value.
 *
 * @returns stops observing
 */
export function observeGauges<Name extends string, Reading>(
  meter: Meter,
  source: GaugeSource<Name, Reading>,
  onError: (error: unknown) => void,
): () => void {
  const gauges = {} as Record<Name, ObservableGauge>;
  for (const [key, { name, unit, description }] of Object.entries<Instrument>(source.instruments)) {
    gauges[key as Name] = meter.createObservableGauge(name, { unit, description });
  }
  const reading = cached(source.read, source.maxAgeMs);
  let failing = false;
  const callback = async (result: BatchObservableResult) => {
    try {
      source.show(await reading(), (name, value, attributes) => result.observe(gauges[name], value, attributes));
      failing = false;
    } catch (error) {
      // Reported once, because collections repeat every few seconds.
      if (!failing) onError(error);
      failing = true;
    }
  };
  const observables = Object.values<ObservableGauge>(gauges);
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);
}

/** Caches results for `maxAgeMs`; failures are not cached. */
function cached<T>(read: () => Promise<T>, maxAgeMs: number): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    if (last !== undefined && performance.now() - last.at < maxAgeMs) return last.value;
    const value = read();
    last = { at: performance.now(), value };
    value.catch(() => {
      last = undefined;
    });
    return value;
  };
}
