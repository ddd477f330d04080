import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import type { Authenticated } from './authentication.ts';
import type { Dependencies } from './dependencies.ts';
import { bodyOf, paramsOf, queryOf } from './request.ts';

/** A validated request. The tenant is the token's. */
export interface Request<Path extends string, Query extends QuerySchema, Body extends BodySchema> {
  tenantId: string;
  /** Sent on to the engine, never logged. */
  token: string;
  params: Record<ParamName<Path>, string>;
  query: Output<Query>;
  body: Output<Body>;
}

/** Definition of one operation. Its validation, its types and its part of the OpenAPI document derive from it. */
export interface Definition<
  Path extends string,
  Query extends QuerySchema,
  Body extends BodySchema,
  Answer extends z.ZodType | undefined,
> {
  /** Hatchet's name of the operation, if Hatchet has it. */
  id: string;
  method: 'get' | 'post' | 'patch' | 'delete';
  /** Path in OpenAPI's syntax. A parameter in braces is a UUID, unless `params` has its schema. */
  path: Path;
  summary: string;
  params?: Partial<Record<ParamName<Path>, z.ZodType<string>>>;
  query?: Query;
  body?: Body;
  /** Schema of the answer. Without it, the answer is an empty 204. */
  answer?: Answer;
  /** Status of the answer. Default: 200. */
  status?: (answer: Result<Answer>) => ContentfulStatusCode;
  /** Headers of the answer. */
  headers?: Record<string, string>;
  handle(
    request: Request<Path, Query, Body>,
    dependencies: Dependencies,
  ): Promise<Result<Answer> | JsonPieces> | Result<Answer> | JsonPieces;
}

/** An answer that is too large for memory, as pieces of its JSON text. */
export class JsonPieces {
  readonly pieces: AsyncGenerator<string>;

  constructor(pieces: AsyncGenerator<string>) {
    this.pieces = pieces;
  }
}

type QuerySchema = z.ZodObject | undefined;
type BodySchema = z.ZodType | undefined;
type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without an answer returns nothing
type Result<Answer> = Answer extends z.ZodType ? z.output<Answer> : void;
/** Parameters of a path. The tenant is none: it comes from the token. */
type ParamName<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Exclude<Name | ParamName<Rest>, 'tenant'>
  : never;

/** A {@link Definition} without its type parameters, ready to mount. */
export interface Route {
  id: string;
  method: string;
  path: string;
  summary: string;
  params: Record<string, z.ZodType<string>>;
  query: z.ZodObject | undefined;
  body: z.ZodType | undefined;
  answer: z.ZodType | undefined;
  respond(c: Context<Authenticated>, dependencies: Dependencies): Promise<Response>;
}

/** Creates a route from its definition. */
export function route<
  const Path extends string,
  Query extends QuerySchema = undefined,
  Body extends BodySchema = undefined,
  Answer extends z.ZodType | undefined = undefined,
>(definition: Definition<Path, Query, Body, Answer>): Route {
  const { id, method, path, summary, params = {}, query, body, answer } = definition;
  return {
    id,
    method,
    path,
    summary,
    params,
    query,
    body,
    answer,
    async respond(c, dependencies) {
      const request = {
        tenantId: c.get('tenantId'),
        token: c.get('token'),
        params: paramsOf(c, params),
        query: query && queryOf(c, query),
        body: body && (await bodyOf(c, body)),
      };
      const result = await definition.handle(request as Request<Path, Query, Body>, dependencies);
      if (!answer) return c.body(null, 204);
      const headers = { 'content-type': 'application/json', ...definition.headers };
      if (result instanceof JsonPieces) return answerInPieces(c, result, headers, dependencies);
      return c.body(JSON.stringify(result), definition.status?.(result) ?? 200, headers);
    },
  };
}

/** Converts the path to Hono's syntax. */
export function honoPath({ path }: Route): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/**
 * Answers piece by piece, as fast as the client reads. A failure before the first piece is an error like any other; a
 * later one breaks the connection, so that the client does not take a part for the whole.
 */
async function answerInPieces(
  c: Context<Authenticated>,
  { pieces }: JsonPieces,
  headers: Record<string, string>,
  { logger }: Dependencies,
): Promise<Response> {
  const encoder = new TextEncoder();
  let next = await pieces.next();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next.done) return controller.close();
      controller.enqueue(encoder.encode(next.value));
      try {
        next = await pieces.next();
      } catch (error) {
        const { name, message, stack } = error as Error;
        logger.error({ err: { type: name, message, stack } }, 'answer failed half way; the connection is closed');
        // an error of this stream would be written to the console and to the client
        (c.env as Partial<HttpBindings> | undefined)?.outgoing?.destroy();
      }
    },
    cancel: () => void pieces.return(undefined),
  });
  return c.body(body, 200, { ...headers, 'transfer-encoding': 'chunked' });
}
