import { join } from 'node:path';
import type { Tokens } from './database.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { ROOT } from './settings.ts';

export interface InstallationOptions {
  databaseUrl: string;
  /** `host:port` of the engine. */
  grpcAddress: string;
  /** `host:port` of the API. */
  httpAddress: string;
  tokens: Tokens;
  /** Folder of the services' logs. */
  logs: string;
  signal: AbortSignal;
  onSpawn: (name: string, pid: number) => void;
  /** Called with each service that is ready, in the order of their start. */
  onReady: (service: ServiceProcess) => void;
}

/**
 * Starts engine, API and worker one after the other, each in its own process. All of them export their spans to the
 * engine's receiver.
 *
 * @throws ServiceFailure that names the service that did not start
 */
export async function startInstallation(options: InstallationOptions): Promise<void> {
  for (const { name, entry, env } of services(options)) {
    const service = await startService({
      name,
      entry: join(ROOT, 'apps', entry),
      env: { ...inherited(), ...env },
      logFile: join(options.logs, `${name}.log`),
      signal: options.signal,
      onSpawn: (pid) => options.onSpawn(name, pid),
    });
    options.onReady(service);
  }
}

/** Environment of a worker or a client of the installation. */
export function clientVariables({ grpcAddress, httpAddress, tokens }: ClientAddresses): Record<string, string> {
  return {
    HATCHET_CLIENT_TOKEN: tokens.tenant,
    HATCHET_CLIENT_HOST_PORT: grpcAddress,
    HATCHET_CLIENT_API_URL: `http://${httpAddress}`,
    HATCHET_CLIENT_TLS_STRATEGY: 'none',
  };
}

type ClientAddresses = Pick<InstallationOptions, 'grpcAddress' | 'httpAddress' | 'tokens'>;

interface Service {
  name: string;
  entry: string;
  env: Record<string, string>;
}

function services(options: InstallationOptions): Service[] {
  const { databaseUrl, grpcAddress, httpAddress } = options;
  const [grpcHost, grpcPort] = hostAndPort(grpcAddress);
  const [httpHost, httpPort] = hostAndPort(httpAddress);
  const addresses = {
    DATABASE_URL: databaseUrl,
    SERVER_URL: `http://${httpAddress}`,
    SERVER_GRPC_BROADCAST_ADDRESS: grpcAddress,
  };
  return [
    {
      name: 'engine',
      entry: 'engine/src/main.ts',
      env: {
        ...addresses,
        ...exportToEngine('engine', options),
        SERVER_GRPC_BIND_ADDRESS: grpcHost,
        SERVER_GRPC_PORT: grpcPort,
      },
    },
    {
      name: 'api',
      entry: 'api/src/main.ts',
      env: {
        ...addresses,
        ...exportToEngine('api', options),
        SERVER_BIND_ADDRESS: httpHost,
        SERVER_PORT: httpPort,
        SERVER_PAGE_TOKEN: options.tokens.tenant, // the page then opens without a token form
      },
    },
    {
      name: 'worker',
      entry: 'demo/src/sample/worker.ts',
      env: {
        ...clientVariables(options),
        OTEL_SERVICE_NAME: 'order-worker',
        OTEL_TRACES_EXPORTER: 'hatchet', // the engine's receiver
        OTEL_METRICS_EXPORTER: 'none', // it takes traces only
        OTEL_BSP_SCHEDULE_DELAY: '500', // the user waits for the waterfall
      },
    },
  ];
}

function exportToEngine(serviceName: string, { grpcAddress, tokens }: InstallationOptions): Record<string, string> {
  return {
    SERVER_OTEL_SERVICE_NAME: serviceName,
    SERVER_OTEL_COLLECTOR_URL: grpcAddress,
    SERVER_OTEL_COLLECTOR_AUTH: `Bearer ${tokens.operator}`,
    SERVER_OTEL_INSECURE: 'true',
    SERVER_OTEL_TRACE_ID_RATIO: '1',
  };
}

/** The user's environment without the variables that redirect or drop spans: the waterfall needs them all. */
function inherited(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter(
    (name) => !/^(OTEL_|HATCHET_|DATABASE_URL|SERVER_(?!LOGGER_))/.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

function hostAndPort(address: string): [host: string, port: string] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), address.slice(colon + 1)];
}
