import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

/** Administrators' programs are not on every root shell's PATH; and nobody is there to answer apt-get's questions. */
export const administrator = {
  ...process.env,
  PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
  DEBIAN_FRONTEND: 'noninteractive',
};

const run = (file: string, ...args: string[]) =>
  promisify(execFile)(file, args, { env: administrator, maxBuffer: 64 << 20 });

/** Whether packages may be installed here without asking: on Debian, or what derives from it, as root. */
export function mayInstall(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/etc/debian_version');
}

/** Installs packages of Debian's. */
export async function installPackages(...names: string[]): Promise<void> {
  await run('apt-get', 'update', '-q');
  await run('apt-get', 'install', '-qy', ...names);
}

/** Whether a program is there and runs. */
export async function runs(program: string, ...args: string[]): Promise<boolean> {
  return run(program, ...args).then(
    () => true,
    () => false,
  );
}
