import type { Session } from './session.ts';

/** Reason of a failed request; it decides the message and the next step that the page offers. */
type Failure = 'not-allowed' | 'not-found' | 'bad-request' | 'away' | 'failed';

export class RequestError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, message: string) {
    super(message);
    this.failure = failure;
  }
}

/**
 * Sends a request to the API.
 *
 * @param path path below the tenant's, with its query
 * @throws RequestError
 */
export async function request(session: Session, path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(`/api/v1/stable/tenants/${session.tenantId}/${path}`, {
    ...init,
    headers: { authorization: `Bearer ${session.token}`, ...init.headers },
  }).catch((cause: Error) => {
    if (cause.name === 'AbortError') throw cause;
    throw new RequestError('away', 'the server does not respond');
  });
  if (response.ok) return response;
  throw new RequestError(failureOf(response.status), await messageOf(response));
}

/**
 * Requests JSON from the API.
 *
 * @throws RequestError
 */
export async function requestJson<T>(session: Session, path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(session, path, { signal });
  return (await response.json()) as T;
}

/** Page of a list in the API. */
export interface Listed<Row> {
  pagination: { current_page: number; next_page: number; num_pages: number };
  rows: Row[];
}

function failureOf(status: number): Failure {
  if (status === 401 || status === 403) return 'not-allowed';
  if (status === 404) return 'not-found';
  return status < 500 ? 'bad-request' : 'failed';
}

/** Reads the description from Hatchet's errors: `{errors: [{description}]}`. */
async function messageOf(response: Response): Promise<string> {
  try {
    const { errors } = (await response.json()) as { errors?: { description?: string }[] };
    const description = errors?.[0]?.description;
    if (description) return description;
  } catch {
    // not the API's error, but a proxy's page or an empty body
  }
  return `the server returned status ${response.status}`;
}
