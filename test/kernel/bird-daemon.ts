/** A real BIRD in a network namespace, with two included files of ours; needs root and the package bird2. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { BirdPlaces } from '../../src/drivers/driver.ts';

export interface BirdDaemon {
  readonly places: BirdPlaces;
  start(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Runs `birdc`, and returns what it says whatever its exit status. */
  birdc(...words: readonly string[]): string;
  /** Puts another configuration in place; BIRD does not see it yet. */
  write(configuration: string): void;
  file(family: 4 | 6): string;
  close(): Promise<void>;
}

/** Why there is no BIRD here, or undefined. */
export function whyNoBird(): string | undefined {
  return spawnSync('bird', ['--version']).error === undefined
    ? undefined
    : 'bird is missing: install bird2';
}

/** In `configuration`, FILE4 and FILE6 stand for the included files. */
export function makeBird(netns: string, configuration: string): BirdDaemon {
  const folder = mkdtempSync(join(tmpdir(), 'bird-'));
  const places = {
    file4: join(folder, 'route-sync4.conf'),
    file6: join(folder, 'route-sync6.conf'),
    socket: join(folder, 'bird.ctl'),
  };
  let child: ChildProcess | undefined;
  const birdc = (...words: readonly string[]): string => {
    const { stdout, stderr } = spawnSync('birdc', ['-s', places.socket, ...words], {
      maxBuffer: 1 << 29,
      encoding: 'utf8',
    });
    return stdout + stderr;
  };
  const kill = async (): Promise<void> => {
    const ended = child;
    child = undefined;
    if (ended !== undefined) {
      const exit = new Promise((resolve) => ended.once('exit', resolve));
      ended.kill('SIGKILL');
      await exit;
    }
  };
  const daemon: BirdDaemon = {
    places,
    birdc,
    kill,
    start: async () => {
      child = spawn(
        'ip',
        [
          'netns',
          'exec',
          netns,
          'bird',
          '-f',
          '-c',
          join(folder, 'bird.conf'),
          '-s',
          places.socket,
          '-P',
          join(folder, 'bird.pid'),
        ],
        { stdio: 'ignore' },
      );
      while (!birdc('show', 'status').includes('up and running')) {
        if (child.exitCode !== null) {
          throw new Error(
            execFileSync('bird', ['-p', '-c', join(folder, 'bird.conf')], { encoding: 'utf8' }),
          );
        }
        await setTimeout(20);
      }
    },
    write: (text) =>
      writeFileSync(
        join(folder, 'bird.conf'),
        text.replaceAll('FILE4', places.file4).replaceAll('FILE6', places.file6),
      ),
    file: (family) => {
      const path = places[`file${family}`];
      return existsSync(path) ? readFileSync(path, 'utf8') : '';
    },
    close: async () => {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
  writeFileSync(places.file4, '');
  writeFileSync(places.file6, '');
  daemon.write(configuration);
  return daemon;
}
