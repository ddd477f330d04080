import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { step } from './step.mjs';

/**
 * The pnpm to use and the environment to use it in: the one that runs this script, else the version that package.json
 * pins, from npm into `.tools/` (not corepack: it fails where the registry serves no signatures).
 */
export async function findPnpm(root) {
  const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager.split('@')[1];
  const command = callersPnpm(pinned) ?? (await toolsPnpm(root, pinned));
  const path = [dirname(command), join(root, 'node_modules', '.bin'), process.env.PATH]; // turbo looks for pnpm on PATH
  const env = { ...process.env, PATH: path.join(delimiter), ...QUIET };
  return { command, env };
}

const QUIET = {
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  pnpm_config_verify_deps_before_run: 'false', // this script decides when to install
  pnpm_config_confirm_modules_purge: 'false', // nobody is asked while the output goes to a log
};

function callersPnpm(pinned) {
  const [, version] = /^pnpm\/(\S+)/.exec(process.env.npm_config_user_agent ?? '') ?? [];
  const command = process.env.npm_execpath;
  const sameMajor = version?.split('.')[0] === pinned.split('.')[0];
  return sameMajor && command && existsSync(command) && !/\.[cm]?js$/.test(command) ? command : undefined;
}

async function toolsPnpm(root, pinned) {
  const tools = join(root, '.tools');
  const command = join(tools, 'node_modules', '.bin', process.platform === 'win32' ? 'pnpm.cmd' : 'pnpm');
  if (versionOf(command) === pinned) return command;
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, process.env.npm_execpath]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  const install = ['install', '--prefix', tools, `pnpm@${pinned}`, '--save-exact', '--no-audit', '--no-fund'];
  await step(root, `installing pnpm ${pinned} into .tools/`, npm[0], [...npm.slice(1), ...install]);
  return command;
}

function versionOf(command) {
  return existsSync(command) ? spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout?.trim() : undefined;
}
