import { Ajv2020 } from 'ajv/dist/2020.js';
import type { OpenApiDocument } from '../routing/openapi.ts';

/** Formats that the document uses. */
const FORMATS = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
};

/** Answer of the API to one call. */
export interface Answer {
  status: number;
  text: string;
  /** Parsed JSON; tests assert its type. */
  body: ReturnType<typeof JSON.parse>;
}

/** The service's own OpenAPI document, as a contract for its answers. */
export class OpenApiContract {
  readonly document: OpenApiDocument;
  readonly #ajv: Ajv2020;
  readonly #paths: { path: string; parameters: number; pattern: RegExp }[];

  constructor(document: OpenApiDocument) {
    this.document = document;
    this.#ajv = new Ajv2020({ strict: false, formats: FORMATS });
    this.#ajv.addSchema(document, 'openapi');
    this.#paths = Object.keys(document.paths).map((path) => ({
      path,
      parameters: path.split('{').length,
      pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    }));
  }

  static async read(address: string): Promise<OpenApiContract> {
    const response = await fetch(`http://${address}/api/v1/openapi.json`);
    return new OpenApiContract((await response.json()) as OpenApiDocument);
  }

  /** @throws Error if the answer differs from the document */
  check(method: string, target: string, { status, body, text }: Answer): void {
    const path = this.#find(method, target);
    const responses = this.document.paths[path]?.[method.toLowerCase()]?.responses;
    const response = responses?.[String(status)] ?? responses?.default;
    if (status < 300 && !response) throw new Error(`${method} ${target} is not in the OpenAPI document`);
    if (status === 204 && text === '') return;
    // A 503 of the probe is an answer, not an error.
    if (path === '/api/ready') return;
    const schema = responses && status < 300 ? refOf(response) : '#/components/schemas/APIErrors';
    if (!this.#ajv.validate({ $ref: `openapi${schema}` }, body))
      throw new Error(`${method} ${target} answers ${text.slice(0, 2_000)}: ${this.#ajv.errorsText()}`);
  }

  /** Of several paths that match, the one with the fewest parameters applies. */
  #find(method: string, target: string): string {
    const [called = target] = target.split('?');
    const matching = this.#paths
      .filter(({ pattern }) => pattern.test(called))
      .sort((a, b) => a.parameters - b.parameters);
    return matching.find(({ path }) => this.document.paths[path]?.[method.toLowerCase()])?.path ?? '';
  }
}

function refOf(response: object | undefined): string {
  const { content } = response as { content: { 'application/json': { schema: { $ref: string } } } };
  return content['application/json'].schema.$ref;
}
