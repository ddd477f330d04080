import { z } from 'zod';
import { component, components } from './components.ts';
import type { Route } from './route.ts';

/** The fields of an OpenAPI 3.1 document that are used here. */
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}

interface Operation {
  operationId: string;
  summary: string;
  security: object[];
  parameters: { name: string; in: 'path' | 'query'; required: boolean; schema: object }[];
  requestBody?: object;
  responses: Record<string, object>;
}

/** Hatchet's form of an error. */
const API_ERRORS = component(
  'APIErrors',
  z.strictObject({ errors: z.array(z.strictObject({ description: z.string() })) }),
);

/** Describes values as the client sends them. A format replaces its long pattern. */
const AS_SENT: z.core.ToJSONSchemaParams = {
  io: 'input',
  override({ jsonSchema }) {
    if (jsonSchema.format) delete jsonSchema.pattern;
  },
};

/** Derives the document from the routes. The `unprotected` ones need no token. */
export function openApiDocument(
  routes: readonly Route[],
  unprotected: readonly Route[],
  version: string,
): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const route of [...unprotected, ...routes]) {
    const path = paths[route.path] ?? {};
    paths[route.path] = path;
    path[route.method] = operation(route, unprotected.includes(route) ? [] : [{ bearerAuth: [] }]);
  }
  const { schemas } = z.toJSONSchema(components, { ...AS_SENT, uri: reference });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hatchet REST API',
      version,
      description: 'The part of Hatchet’s REST contract that this server implements. Any other operation returns 501.',
    },
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)])),
      securitySchemes: { bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function operation({ id, path, summary, params, query, body, answer }: Route, security: object[]): Operation {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return {
    operationId: id,
    summary,
    security,
    parameters: [
      ...names.map((name) => ({
        name,
        in: 'path' as const,
        required: true,
        schema: bare(z.toJSONSchema(params[name] ?? z.guid(), AS_SENT)),
      })),
      ...Object.entries(query?.shape ?? {}).map(([name, field]) => ({
        name,
        in: 'query' as const,
        required: !z.safeParse(field, undefined).success,
        schema: bare(z.toJSONSchema(field, AS_SENT)),
      })),
    ],
    ...(body && { requestBody: { required: true, content: json(body) } }),
    responses: {
      ...(answer ? { 200: { description: 'success', content: json(answer) } } : { 204: { description: 'success' } }),
      default: { description: 'the cause, and what to send instead', content: json(API_ERRORS) },
    },
  };
}

function json(schema: z.ZodType): object {
  const id = components.get(schema)?.id;
  if (id === undefined) throw new Error('the body and the answer of a route must be components');
  return { 'application/json': { schema: { $ref: reference(id) } } };
}

function reference(id: string): string {
  return `#/components/schemas/${id}`;
}

/** Removes the fields that only a standalone schema needs. */
function bare({ $schema, $id, ...schema }: Record<string, unknown>): object {
  return schema;
}
