import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runStep } from './subprocess.mjs';

/**
 * Finds pnpm and its environment: the pnpm that runs this script, otherwise the version pinned in package.json, which
 * npm installs into `.tools/` (not corepack: it fails if the registry serves no signatures).
 */
export async function findPnpm(root) {
  const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager.split('@')[1];
  const command = parentPnpm(pinned) ?? (await installedPnpm(root, pinned));
  const path = [dirname(command), join(root, 'node_modules', '.bin'), process.env.PATH]; // turbo finds pnpm on PATH
  const env = { ...process.env, PATH: path.join(delimiter), ...QUIET };
  return { command, env };
}

const QUIET = {
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  pnpm_config_verify_deps_before_run: 'false', // installDependencies decides when to install
  pnpm_config_confirm_modules_purge: 'false', // the output goes to a log: nobody could confirm
};

function parentPnpm(pinned) {
  const [, version] = /^pnpm\/(\S+)/.exec(process.env.npm_config_user_agent ?? '') ?? [];
  const command = process.env.npm_execpath;
  const sameMajor = version?.split('.')[0] === pinned.split('.')[0];
  return sameMajor && command && existsSync(command) && !/\.[cm]?js$/.test(command) ? command : undefined;
}

async function installedPnpm(root, pinned) {
  const tools = join(root, '.tools');
  const command = join(tools, 'node_modules', '.bin', process.platform === 'win32' ? 'pnpm.cmd' : 'pnpm');
  if (versionOf(command) === pinned) return command;
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, process.env.npm_execpath]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  const install = ['install', '--prefix', tools, `pnpm@${pinned}`, '--save-exact', '--no-audit', '--no-fund'];
  await runStep(root, `installing pnpm ${pinned} into .tools/`, npm[0], [...npm.slice(1), ...install]);
  return command;
}

function versionOf(command) {
  return existsSync(command) ? spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout?.trim() : undefined;
}
