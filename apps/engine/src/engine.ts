import { Database, migrate } from '@hatchet-ts/storage';
import { createTokenVerifier } from '@hatchet-ts/storage/credentials';
import type { MeterProvider } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { RunContexts } from './contract/call-parent.ts';
import { createContractServer } from './contract/server.ts';
import { Durable } from './durable/durable.ts';
import { Effects } from './effects.ts';
import { Lease } from './lease.ts';
import { Exclusive } from './loops/exclusive.ts';
import { SingleLoop } from './loops/single-loop.ts';
import { TIMING, type Timing } from './loops/timing.ts';
import { reportEngineMetrics } from './metrics/engine-metrics.ts';
import { EngineSpanStore } from './otlp/engine-span-store.ts';
import { WorkerPool } from './placement/worker-pool.ts';
import { recover } from './recovery.ts';
import { Retention } from './retention/retention.ts';
import { createCancel, createReplay } from './runs/commands.ts';
import { Progress } from './runs/progress.ts';
import { Registry } from './runs/registry.ts';
import { Reports } from './runs/reports.ts';
import { Results } from './runs/results.ts';
import { RunFactory } from './runs/run-factory.ts';
import { RunningTasks } from './runs/running-tasks.ts';
import { createSettleEach } from './runs/settle-each.ts';
import { createSettle } from './runs/settlement.ts';
import { RunSpans } from './runs/spans.ts';
import { Dispatch } from './scheduling/dispatch.ts';
import { HeartbeatMonitor } from './scheduling/heartbeats.ts';
import { Scheduling } from './scheduling/scheduling.ts';
import { TaskTimers } from './scheduling/timers.ts';
import { Workers } from './scheduling/workers.ts';
import { createIngest } from './triggers/ingest.ts';
import { TriggerClock } from './triggers/trigger-clock.ts';

export interface EngineOptions {
  databaseUrl: string;
  bindAddress: string;
  /** 0 for any free port. */
  port: number;
  log: Logger;
  /** This process makes spans. */
  tracing: boolean;
  timing?: Partial<Timing>;
  /** Time that finished runs and their data are kept, in milliseconds. Default: forever. */
  retention?: number;
  /** Receiver of the engine's metrics. Default: none. */
  meterProvider?: MeterProvider;
}

/** Engine that serves calls. */
export interface Engine {
  /** `host:port` that it listens on. */
  address: string;
  /** Ends the streams, lets running calls finish, and closes the database. */
  stop(): Promise<void>;
}

const APPLICATION_NAME = 'hatchet-engine';
/** Time that calls have to finish when the engine stops. */
const STOP_MS = 2_000;
/** Pause between two passes of retention. */
const RETENTION_PAUSE_MS = 600_000;

/**
 * Starts an engine: creates its units, takes the database's lock, recovers from the rows, and serves.
 *
 * @throws EngineLockHeldError if another engine holds the lock; else the error of the database or the port.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { databaseUrl, log, meterProvider } = options;
  const stopping = new AbortController();
  const onError = (error: unknown) => {
    if (!stopping.signal.aborted) log.error({ err: error }, 'background work failed; retrying');
  };
  const db = new Database(databaseUrl, { applicationName: APPLICATION_NAME });
  const lease = new Lease(log);
  const units = createUnits(options, { db, lease, stopping: stopping.signal, onError });
  const { server, recovery, background } = units;

  try {
    await migrate(db);
    await lease.take(databaseUrl, APPLICATION_NAME, recovery.wake);
  } catch (error) {
    await db.close();
    throw error;
  }
  let stopMetrics = () => {};

  async function stop(): Promise<void> {
    stopping.abort();
    stopMetrics();
    const forced = setTimeout(() => server.forceShutdown(), STOP_MS);
    await server.shutdown();
    clearTimeout(forced);
    await Promise.all(background.map((unit) => unit.stop()));
    await lease.release();
    await db.close();
  }

  try {
    await recover(units);
    await listenForChanges(db, units, onError);
    units.heartbeats.start();
    units.retention?.start();
    if (meterProvider) {
      const heartbeat = units.timing.heartbeat;
      stopMetrics = reportEngineMetrics({ db, meterProvider, heartbeat, mayRun: lease.mayRun, onError });
    }
    const host = bracketed(options.bindAddress);
    const port = await server.listen(`${host}:${options.port}`);
    return { address: `${host}:${port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Environment {
  db: Database;
  lease: Lease;
  stopping: AbortSignal;
  onError(error: unknown): void;
}

/** Creates all units, in the order of their dependencies; none of them works yet. */
function createUnits({ log, tracing, ...options }: EngineOptions, { db, lease, stopping, onError }: Environment) {
  const timing: Timing = { ...TIMING, ...options.timing };
  const { mayRun } = lease;
  const period = options.retention;

  const pool = new WorkerPool();
  const registry = new Registry(db);
  const results = new Results(db, onError);
  const progress = new Progress(db, onError);
  const effects = new Effects(onError);
  const settle = createSettle({ db, registry, effects });
  const settleEach = createSettleEach(db, settle, onError);
  const timers = new TaskTimers({ db, settleEach, timing, mayRun, onError });
  const onTimer = timers.set;
  const spanStore = new EngineSpanStore(db, onError);
  const spans = new RunSpans(spanStore);
  const dispatch = new Dispatch({ pool, registry, spans, settle, onError });
  const exclusive = new Exclusive();
  const scheduling = new Scheduling({ db, registry, pool, timing, dispatch, exclusive, mayRun, onTimer, onError });
  const onCapacity = scheduling.wake;
  const factory = new RunFactory({ db, registry, onQueued: scheduling.queued, onTimer });
  const durable = new Durable({ db, factory, settle, settleEach, timing, mayRun, onError });
  effects.connect({ pool, registry, spans, results, progress, scheduling, timers, durable, dispatch });

  const workers = new Workers({ db, pool, timing, onCapacity, onTimer });
  const heartbeats = new HeartbeatMonitor({ db, pool, settleEach, timing, mayRun, onError });
  const triggerClock = new TriggerClock({ db, factory, timing, mayRun, onError });
  const retention =
    period === undefined ? undefined : new Retention({ db, period, pause: RETENTION_PAUSE_MS, mayRun, onError });
  const recovered = {
    ...{ db, lease, pool, registry, exclusive, timing, scheduling, durable, heartbeats, timers, triggerClock },
  };
  const recovery = new SingleLoop(() => recover(recovered), onError);
  const server = createContractServer({
    db,
    verifyToken: createTokenVerifier(db),
    registry,
    workers,
    durable,
    reports: new Reports({
      db,
      pool,
      settle,
      onTimer,
      onStarted: (attempt) => progress.publish({ kind: 'task-started', ...attempt }),
    }),
    running: new RunningTasks({ db, pool, onCapacity, onTimer }),
    results,
    progress,
    contexts: new RunContexts(db, pool, tracing),
    cancel: createCancel(db, settle),
    replay: createReplay(db, settle),
    factory,
    ingest: createIngest({
      db,
      factory,
      spans,
      onStored: durable.eventsStored,
      onRefused: (reason) => log.warn({ err: reason }, 'an event started no run of a workflow'),
    }),
    stopping,
    onError: (error, path) => log.error({ err: error, method: path }, 'call failed'),
  });
  const loops = [recovery, heartbeats, scheduling, timers, triggerClock, results, durable, progress, spanStore];
  const background: { stop(): void | Promise<void> }[] = retention ? [...loops, retention] : loops;
  return { ...recovered, workers, retention, recovery, server, background };
}

/** Reacts to changes that the API makes in the database. */
async function listenForChanges(
  db: Database,
  { pool, workers, triggerClock, registry }: ReturnType<typeof createUnits>,
  onError: (error: unknown) => void,
): Promise<void> {
  await db.listen('worker_paused', (id) => {
    const ids = id === undefined ? pool.ids() : [id];
    Promise.all(ids.map((workerId) => workers.reloadPaused(workerId))).catch(onError);
  });
  await db.listen('trigger_clock', triggerClock.start);
  await db.listen('workflow_deleted', registry.forget);
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
