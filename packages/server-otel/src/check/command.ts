import { parseArgs } from 'node:util';
import { ServerTelemetryConfigError } from '../configuration/config-error.ts';
import { type Environment, readConfiguration } from '../configuration/read-configuration.ts';
import type { TelemetryLogger } from '../logger.ts';
import { checkCollector } from './check.ts';
import { effectiveValues } from './effective-values.ts';
import { type CheckReport, reportText } from './report.ts';

/** What the command writes to. */
export interface Terminal {
  write(text: string): void;
  writeError(text: string): void;
  readonly color: boolean;
}

/** The exit codes of `check`. */
export const EXIT = {
  /** All that was tried works, or there is no collector to try. */
  ok: 0,
  /** A step failed: the report says which one and the likely cause. */
  failed: 1,
  /** The configuration or the command line cannot be used. */
  misconfigured: 2,
} as const;

const USAGE = `Usage: hatchet-server-otel check [--json] [--config <directory>] [--timeout <seconds>]

Shows the configuration that counts and where each value comes from, then tries the collector: resolves, connects,
shakes hands, authenticates, exports one span and one metric.

  --json      the report as JSON, for scripts
  --config    the directory of server.yaml; default: the working directory. SERVER_CONFIG_FILE goes before it
  --timeout   seconds that one step may take; default: 5

Exit status: 0 all that was tried works (or there is no collector to try), 1 a step failed, 2 misconfiguration.
`;

/** Runs the command line; answers with the exit status. */
export async function runCli(args: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  const command = parse(args);
  if ('wrong' in command) {
    terminal.writeError(`hatchet-server-otel: ${command.wrong}\n\n${USAGE}`);
    return EXIT.misconfigured;
  }
  if (command.help) {
    terminal.write(USAGE);
    return EXIT.ok;
  }
  // What the pieces would log is in the report.
  const report = await check(env, command, SILENT);
  const text = command.json ? JSON.stringify(report, null, 2) : reportText(report, terminal.color);
  if (report.problems.length > 0 && !command.json) terminal.writeError(`${text}\n`);
  else terminal.write(`${text}\n`);
  return report.exitCode;
}

interface Command {
  readonly help: boolean;
  readonly json: boolean;
  readonly directory: string | undefined;
  readonly millis: number;
}

function parse(args: readonly string[]): Command | { readonly wrong: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        config: { type: 'string' },
        timeout: { type: 'string', default: '5' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const millis = Number(values.timeout) * 1000;
    if (values.help) return { help: true, json: false, directory: undefined, millis };
    if (positionals.join(' ') !== 'check') return { wrong: `unknown command “${positionals.join(' ')}”: write check` };
    if (!(millis >= 1 && millis <= 600_000)) return { wrong: `--timeout ${values.timeout}: write seconds, up to 600` };
    return { help: false, json: values.json, directory: values.config, millis };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

async function check(env: Environment, { directory, millis }: Command, logger: TelemetryLogger): Promise<CheckReport> {
  try {
    const configuration = readConfiguration(env, directory);
    const steps = await checkCollector(configuration, logger, millis);
    const ok = steps.every(({ result }) => result !== 'failed');
    return {
      ok,
      exitCode: ok ? EXIT.ok : EXIT.failed,
      file: configuration.file ?? null,
      problems: [],
      warnings: configuration.warnings,
      configuration: effectiveValues(configuration),
      steps,
    };
  } catch (error) {
    if (!(error instanceof ServerTelemetryConfigError)) throw error;
    const { problems } = error;
    return {
      ok: false,
      exitCode: EXIT.misconfigured,
      file: null,
      problems,
      warnings: [],
      configuration: [],
      steps: [],
    };
  }
}

const SILENT: TelemetryLogger = { info: () => {}, warn: () => {}, error: () => {} };
