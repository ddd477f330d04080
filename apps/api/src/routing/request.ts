import { keyProblem } from '@hatchet-ts/storage';
import { parseExactly } from '@hatchet-ts/storage/json';
import type { MetadataFilter, Page } from '@hatchet-ts/storage/reads';
import { SPAN_CURSOR } from '@hatchet-ts/storage/traces';
import type { Context } from 'hono';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';

/** Parses the parameters in the path, except the tenant, which `authentication` has compared with the token. */
export function paramsOf(c: Context, schemas: Record<string, z.ZodType<string>>): Record<string, string> {
  const params = Object.entries(c.req.param() as Record<string, string>).filter(([name]) => name !== 'tenant');
  return Object.fromEntries(
    params.map(([name, text]) => [
      name,
      parsed(schemas[name] ?? z.guid(`${name} in the path must be a UUID`).toLowerCase(), text),
    ]),
  );
}

/** Parses the query by a schema. A list repeats its key. */
export function queryOf<Schema extends z.ZodObject>(c: Context, schema: Schema): z.output<Schema> {
  const all = c.req.queries();
  const lists = Object.entries(schema.shape).filter(([, field]) => isList(field));
  // the Python SDK sends a missing value as an empty one
  const single = Object.entries(all).map(([key, values]) => [key, values.at(-1) || undefined]);
  return parsed(schema, {
    ...Object.fromEntries(single),
    ...Object.fromEntries(lists.map(([key]) => [key, all[key]])),
  });
}

/** Parses the JSON body by a schema. Numbers outside the schema keep their exact text. */
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

/** A list; in a query, a key that repeats. */
export const list = <Item extends z.ZodType>(item: Item) => z.array(item).default([]);

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const date = z.iso
  .datetime({ offset: true, error: 'must be a date and time in RFC 3339' })
  .transform((text) => new Date(text));

/** A pair of metadata to filter by, as `key:value`. */
export const metadataPair = z
  .string()
  .regex(/^[^:]+:/, 'must look like key:value')
  .transform((pair): MetadataFilter['pairs'][number] => {
    const colon = pair.indexOf(':');
    return [pair.slice(0, colon), pair.slice(colon + 1)];
  });

/** A filter of Hatchet's contract that is not implemented. Ignoring it would change the answer, so it is refused. */
export const unsupported = z.never('is not implemented by this server').optional();

/** A W3C trace id. */
export const traceId = z.string().regex(/^[\da-f]{32}$/, 'must be 32 hexadecimal digits');

/** Position in the arrival of spans. */
export const spanCursor = z.string().regex(SPAN_CURSOR, 'must be the cursor of an earlier answer');

/** Text that the database holds in an index. */
export const indexedText = z.string().superRefine((text, { addIssue }) => {
  const problem = keyProblem(text);
  if (problem !== undefined) addIssue({ code: 'custom', message: problem });
});

/** 1 is low, 3 is high. */
export const priority = z.int().min(1).max(3);

/** `offset` and `limit` of a query. */
export function pageQuery(defaultLimit: number, maxLimit: number) {
  return {
    offset: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(maxLimit).default(defaultLimit),
  } satisfies Record<keyof Page, z.ZodType>;
}

function isList(field: z.core.$ZodType): boolean {
  return field instanceof z.ZodDefault ? isList(field.unwrap()) : field instanceof z.ZodArray;
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
