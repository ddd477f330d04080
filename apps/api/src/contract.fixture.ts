import { Ajv2020 } from 'ajv/dist/2020.js';
import type { OpenApiDocument } from './routing/openapi.ts';

/** The OpenAPI document that the service gives out, and what it means for answers. */
export interface Contract {
  document: OpenApiDocument;
  /** @throws Error when the answer is not what the document says. */
  check(method: string, path: string, answer: { status: number; body: unknown; text: string }): void;
}

/** Those that the document uses. */
const FORMATS = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
};

export async function contractOf(address: string): Promise<Contract> {
  const response = await fetch(`http://${address}/api/v1/openapi.json`);
  const document = (await response.json()) as OpenApiDocument;
  const ajv = new Ajv2020({ strict: false, formats: FORMATS });
  ajv.addSchema(document, 'openapi');
  const paths = Object.keys(document.paths).map((path) => ({
    path,
    // of two that fit, the one with fewer parameters is meant
    parameters: path.split('{').length,
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));

  return {
    document,
    check(method, target, { status, body, text }) {
      const [called = target] = target.split('?');
      const fitting = paths.filter(({ pattern }) => pattern.test(called)).sort((a, b) => a.parameters - b.parameters);
      const found = fitting.find(({ path }) => document.paths[path]?.[method.toLowerCase()])?.path ?? '';
      const answers = document.paths[found]?.[method.toLowerCase()]?.responses;
      const response = answers?.[String(status)] ?? answers?.default;
      if (status < 300 && !response) throw new Error(`${method} ${target} is not in the OpenAPI document`);
      if (status === 204 && text === '') return;
      const schema = answers && status < 300 ? refOf(response) : '#/components/schemas/APIErrors';
      // 503 of the probe is no error but its answer
      if (found === '/api/ready') return;
      if (!ajv.validate({ $ref: `openapi${schema}` }, body))
        throw new Error(`${method} ${target} answers ${text.slice(0, 2_000)}: ${ajv.errorsText()}`);
    },
  };
}

function refOf(response: object | undefined): string {
  const { content } = response as { content: { 'application/json': { schema: { $ref: string } } } };
  return content['application/json'].schema.$ref;
}
