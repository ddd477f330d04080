import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { withDeadline } from '@hatchet-ts/internal/deadline';
import { type Endpoint, formatEndpoint } from '../configuration/endpoint.ts';
import { StepFailure } from './step.ts';

/** Resolves a host to its addresses. */
export async function resolveHost(host: string, millis: number): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  try {
    const found = await withDeadline(lookup(host, { all: true }), millis, () => {
      const cause = 'the DNS server does not answer: check the DNS configuration of this machine or pod';
      return new StepFailure(`${host}: no answer in ${millis} ms`, cause);
    });
    return found.map(({ address }) => address);
  } catch (error) {
    if (error instanceof StepFailure) throw error;
    throw new StepFailure(
      `${host}: ${codeOf(error)}`,
      RESOLVE_CAUSES[codeOf(error)] ?? 'the DNS server refused the query',
    );
  }
}

const RESOLVE_CAUSES: Readonly<Record<string, string>> = {
  ENOTFOUND:
    'the name does not exist: check the spelling; a Kubernetes service of another namespace is service.namespace',
  EAI_AGAIN: 'the DNS server is unreachable: check the DNS configuration of this machine or pod',
};

export interface TcpOptions {
  readonly millis: number;
  /** Likely cause if the port is closed. */
  readonly refusedCause: string;
}

/** Connects to the first address that accepts a TCP connection; a connection without success is destroyed. */
export async function connectTcp(addresses: readonly string[], port: number, options: TcpOptions): Promise<Socket> {
  const failures: string[] = [];
  let cause = '';
  for (const host of addresses) {
    const address = formatEndpoint({ host, port });
    try {
      return await open({ host, port }, options.millis);
    } catch (error) {
      failures.push(`${address}: ${error instanceof StepFailure ? error.message : codeOf(error)}`);
      cause ||= error instanceof StepFailure ? error.likelyCause : causeOf(codeOf(error), options);
    }
  }
  throw new StepFailure(failures.join('; '), cause);
}

function causeOf(code: string, { refusedCause }: TcpOptions): string {
  return code === 'ECONNREFUSED' ? refusedCause : (CONNECT_CAUSES[code] ?? 'the address is unreachable');
}

const TIMEOUT = 'a firewall or a network policy drops the packets, or the host is down';
const CONNECT_CAUSES: Readonly<Record<string, string>> = {
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: TIMEOUT,
};

async function open({ host, port }: Endpoint, millis: number): Promise<Socket> {
  const socket = connect({ host, port });
  const connected = new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  try {
    await withDeadline(connected, millis, () => new StepFailure('no answer', TIMEOUT));
    return socket.removeAllListeners('error').on('error', () => {});
  } catch (error) {
    // A connection attempt keeps the process alive until TCP gives up, after minutes.
    socket.destroy();
    throw error;
  }
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}
