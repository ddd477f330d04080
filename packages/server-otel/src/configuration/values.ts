import { parseGoDuration } from '@hatchet-ts/internal/go-duration';
import { z } from 'zod';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { type HttpProxy, parseProxy } from './proxy.ts';

/*
 * Parsers of settings, the same for variables and YAML. An issue with `params.expected` describes the valid value more
 * precisely than the setting's `expected`.
 */

export function boolean(): z.ZodType<boolean, string> {
  return z
    .string()
    .trim()
    .pipe(z.stringbool({ truthy: ['true', 't', 'yes', 'on', '1'], falsy: ['false', 'f', 'no', 'off', '0'] }));
}

/** Parses a boolean of an `OTEL_*` variable: OpenTelemetry's specification forbids other spellings of true. */
export function otelBoolean(): z.ZodType<boolean, string> {
  return z
    .string()
    .trim()
    .pipe(z.stringbool({ truthy: ['true'], falsy: ['false'] }));
}

/** Parses `250ms`, `5s`, `1m30s`, `1h` (Go's format) to milliseconds. */
export function duration(range: { readonly min: number; readonly max: number }): z.ZodType<number, string> {
  return z.string().transform((text, ctx) => {
    const millis = parseGoDuration(text.trim());
    if (millis !== undefined && millis >= range.min && millis <= range.max) return millis;
    ctx.addIssue({ code: 'custom' });
    return z.NEVER;
  });
}

export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z.string().trim().regex(/^\d+$/).transform(Number).pipe(z.number().min(min).max(max));
}

export function ratio(): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\s*(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i)
    .transform(Number)
    .pipe(z.number().min(0).max(1));
}

/** Parses an HTTP/2 header value: other characters would make every export fail. */
export function headerValue(): z.ZodType<string, string> {
  return z
    .string()
    .trim()
    .regex(/^[\x20-\x7e]*$/);
}

export function filePath(): z.ZodType<string, string> {
  return z.string().transform((text, ctx) => {
    if (!text.includes('-----BEGIN')) return text.trim();
    ctx.addIssue({ code: 'custom', params: { expected: 'the path of a file in PEM format, not its content' } });
    return z.NEVER;
  });
}

export function hostName(): z.ZodType<string, string> {
  return z
    .string()
    .trim()
    .regex(/^[a-z\d_]([a-z\d_.-]*[a-z\d_])?\.?$/i);
}

export function endpoint(): z.ZodType<Endpoint, string> {
  return parsedBy(parseEndpoint);
}

export function proxy(): z.ZodType<HttpProxy, string> {
  return parsedBy(parseProxy);
}

function parsedBy<T extends object>(parse: (text: string) => T | { readonly problem: string }): z.ZodType<T, string> {
  return z.string().transform((text, ctx) => {
    const parsed = parse(text.trim());
    if (!('problem' in parsed)) return parsed;
    ctx.addIssue({ code: 'custom', params: { expected: parsed.problem } });
    return z.NEVER;
  });
}

export function resourceAttributes(): z.ZodType<Readonly<Record<string, string>>, string> {
  return z.string().transform((text, ctx) => {
    const parsed = parseResourceAttributes(text);
    if (parsed !== undefined) return parsed;
    ctx.addIssue({ code: 'custom' });
    return z.NEVER;
  });
}

/**
 * Parses `OTEL_RESOURCE_ATTRIBUTES`: `key=value` pairs separated by commas, percent-encoded. Undefined if any pair is
 * invalid: part of the attributes would be worse than an error (OpenTelemetry's resource specification, "Specifying
 * resource information via an environment variable").
 */
function parseResourceAttributes(text: string): Record<string, string> | undefined {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    const key = percentDecode(pair.slice(0, Math.max(equals, 0)));
    const value = percentDecode(pair.slice(equals + 1));
    if (key === undefined || key === '' || value === undefined) return undefined;
    // Only SERVER_OTEL_SERVICE_NAME names the service.
    if (key !== 'service.name') attributes[key] = value;
  }
  return attributes;
}

function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
