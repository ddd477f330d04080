import { formatEndpoint } from '../configuration/endpoint.ts';
import { formatProxy } from '../configuration/proxy.ts';
import type { EffectiveConfiguration } from '../configuration/read-configuration.ts';
import { type Configuration, SETTINGS, type Setting, type SettingName } from '../configuration/settings.ts';

/** One setting as `check` shows it. */
export interface EffectiveValue {
  readonly variable: string;
  /** Null if it is not set; `(hidden)` for a secret. */
  readonly value: string | number | boolean | null;
  readonly from: 'environment' | 'file' | 'default';
  /** The variable or the YAML key of the value. */
  readonly name: string;
}

export function effectiveValues({ values, origins }: EffectiveConfiguration): readonly EffectiveValue[] {
  return (Object.entries(SETTINGS) as [SettingName, Setting<unknown>][]).map(([name, row]) => ({
    variable: row.variable,
    value: displayValue(name, row, values),
    ...origins[name],
  }));
}

function displayValue(name: SettingName, row: Setting<unknown>, values: Configuration): EffectiveValue['value'] {
  const value = values[name];
  if (value === undefined || value === '') return null;
  if (row.secret) return '(hidden)';
  if (name.endsWith('Millis')) return `${value}ms`;
  if (typeof value !== 'object') return value;
  if (name === 'collector' && values.collector !== undefined) return formatEndpoint(values.collector);
  if (name === 'httpsProxy' && values.httpsProxy !== undefined) return formatProxy(values.httpsProxy);
  const entries = Array.isArray(value) ? value : Object.entries(value).map(([key, text]) => `${key}=${text}`);
  return entries.join(',') || null;
}
