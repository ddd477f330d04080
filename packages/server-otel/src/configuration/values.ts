import { z } from 'zod';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { parseResourceAttributes } from './resource-attributes.ts';

/*
 * How the text of a setting becomes its value, the same for a variable and for YAML. An issue with
 * `params.expected` says better than the row of the table what to write instead.
 */

export function boolean(): z.ZodType<boolean, string> {
  return z
    .string()
    .trim()
    .pipe(z.stringbool({ truthy: ['true', '1', 'yes', 'on'], falsy: ['false', '0', 'no', 'off'] }));
}

/** `250ms`, `5s`, `1m30s`, `1h`, as Go writes them, in milliseconds. */
export function duration(range: { readonly min: number; readonly max: number }): z.ZodType<number, string> {
  return z.string().transform((text, ctx) => {
    const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
    const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text.trim();
    const millis = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (MILLISECONDS[unit ?? ''] ?? 0), 0);
    if (isWhole && millis >= range.min && millis <= range.max) return millis;
    ctx.addIssue({ code: 'custom' });
    return z.NEVER;
  });
}

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

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

/** What HTTP/2 header values may hold; anything else would fail with the first export. */
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
  return z.string().transform((text, ctx) => {
    const parsed = parseEndpoint(text.trim());
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
