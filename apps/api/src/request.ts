import { parseExactly } from '@hatchet-ts/storage/json';
import type { Page } from '@hatchet-ts/storage/reads';
import type { Context } from 'hono';
import { z } from 'zod';
import { ApiError } from './api-error.ts';

/** The UUID at this place of the path. */
export function uuidParam(c: Context, name: string): string {
  return parsed(z.guid(`${name} in the path must be a UUID`), c.req.param(name)).toLowerCase();
}

/** The query, as a schema wants it; a key that is there several times gives a list. */
export function queryOf<Schema extends z.ZodObject>(c: Context, schema: Schema): z.output<Schema> {
  const values = Object.entries(c.req.queries()).map(([key, all]) => [key, all.length > 1 ? all : all[0]]);
  return parsed(schema, Object.fromEntries(values));
}

/** The JSON body, as a schema wants it; numbers that it does not look at are kept as they were written. */
export async function bodyOf<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  const text = await c.req.text();
  let body: unknown;
  try {
    body = parseExactly(text);
  } catch {
    throw new ApiError(400, 'the body must be JSON');
  }
  return parsed(schema, body);
}

/** A list in the query: the key once or several times. */
export const list = <Item extends z.ZodType>(item: Item) =>
  z.preprocess((value) => (value === undefined || Array.isArray(value) ? (value ?? []) : [value]), z.array(item));

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const date = z.iso
  .datetime({ offset: true, error: 'must be a date and time in RFC 3339' })
  .transform((text) => new Date(text));

/** `offset` and `limit` of a query. */
export function pageQuery(defaultLimit: number, maxLimit: number) {
  return {
    offset: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(maxLimit).default(defaultLimit),
  } satisfies Record<keyof Page, z.ZodType>;
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const { data, error } = schema.safeParse(value);
  if (error)
    throw new ApiError(
      400,
      error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; '),
    );
  return data as z.output<Schema>;
}
