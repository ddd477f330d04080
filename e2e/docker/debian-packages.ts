import { existsSync } from 'node:fs';
import { runCommand } from '../harness/run-command.ts';

/** Environment of administration commands: not every root shell has /usr/sbin on its PATH, and apt-get must not prompt. */
export const administratorEnvironment = {
  ...process.env,
  PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
  DEBIAN_FRONTEND: 'noninteractive',
};

const run = (program: string, ...args: string[]) =>
  runCommand(program, args, { cwd: '/', env: administratorEnvironment, timeoutMs: 30 * 60_000 });

/** Returns true if the tests may install packages without asking: as root on Debian or a derivative. */
export function mayInstall(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/etc/debian_version');
}

/** Installs Debian packages. */
export async function installPackages(...names: string[]): Promise<void> {
  await run('apt-get', 'update', '-q');
  await run('apt-get', 'install', '-qy', ...names);
}

/** Returns true if a program exists and its exit code is 0. */
export async function runs(program: string, ...args: string[]): Promise<boolean> {
  return run(program, ...args).then(
    () => true,
    () => false,
  );
}
