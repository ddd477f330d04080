import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { type Endpoint, formatEndpoint } from '../configuration/endpoint.ts';
import { StepFailure, within } from './step.ts';

/** The addresses of a host. */
export async function resolveHost(host: string, millis: number): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  try {
    const found = await within(millis, lookup(host, { all: true }), () => {
      const cause = 'the name server did not answer: is the DNS of this machine or pod set up?';
      return new StepFailure(`${host}: no answer in ${millis} ms`, cause);
    });
    return found.map(({ address }) => address);
  } catch (error) {
    if (error instanceof StepFailure) throw error;
    throw new StepFailure(`${host}: ${codeOf(error)}`, RESOLVE_CAUSES[codeOf(error)] ?? 'the name server refused');
  }
}

const RESOLVE_CAUSES: Readonly<Record<string, string>> = {
  ENOTFOUND:
    'the name does not exist: misspelt, or a Kubernetes service of another namespace (write service.namespace)',
  EAI_AGAIN: 'the name server cannot be reached: is the DNS of this machine or pod set up?',
};

/** A TCP connection to the first of the addresses that accepts one. */
export async function connectTcp(addresses: readonly string[], port: number, millis: number): Promise<Socket> {
  const failures: string[] = [];
  let cause = '';
  for (const host of addresses) {
    const address = formatEndpoint({ host, port });
    try {
      return await within(millis, open({ host, port }), () => new StepFailure('no answer', TIMEOUT));
    } catch (error) {
      failures.push(`${address}: ${error instanceof StepFailure ? error.message : codeOf(error)}`);
      cause ||= error instanceof StepFailure ? error.causeGuess : (CONNECT_CAUSES[codeOf(error)] ?? 'no route to it');
    }
  }
  throw new StepFailure(failures.join('; '), cause);
}

const TIMEOUT = 'a firewall or a network policy drops the packets, or the host is down';
const CONNECT_CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens on this port: is the collector running, and is its OTLP/gRPC receiver (4317) on it?',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ETIMEDOUT: TIMEOUT,
};

function open({ host, port }: Endpoint): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}
