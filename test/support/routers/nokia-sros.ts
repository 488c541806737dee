/** A strict model of Nokia SR OS with the CLI that its dialect names: `md` or `classic`. */
import { loginToClassic, type ClassicDevice } from './nokia-sros-classic.ts';
import { setPath } from './nokia-sros-md-path.ts';
import { expire, loginToMd, type MdDevice } from './nokia-sros-md.ts';
import { emptyConfig, staticPaths, wordsOf, type SrosConfig } from './nokia-sros-store.ts';
import type { BootOptions, Router, RouterModel } from './router.ts';

/** The startup configuration has the whole path on each line, in the notation of its CLI. */
export const nokiaSrosModel: RouterModel = {
  os: 'nokia-sros',
  pager: 'Press any key to continue (Q to quit)',
  boot: (options) => (options.dialect === 'classic' ? bootClassic(options) : bootMd(options)),
};

function linesIn(config: string): readonly string[] {
  return config.split('\n').filter((line) => line.trim() !== '');
}

function bootMd(options: BootOptions): Router {
  const config: SrosConfig = emptyConfig();
  for (const line of linesIn(options.config)) {
    const refusal = setPath(config, wordsOf(line).slice(1));
    if (refusal !== '') {
      throw new Error(`SR OS would not load "${line}": ${refusal}`);
    }
  }
  const device: MdDevice = {
    options,
    running: config,
    saved: structuredClone(config),
    pending: undefined,
    configuredBy: undefined,
  };
  return {
    login: (user) => loginToMd(device, user),
    running: () => {
      expire(device);
      return staticPaths(device.running);
    },
    startup: () => staticPaths(device.saved),
  };
}

function bootClassic(options: BootOptions): Router {
  const running = emptyConfig();
  const device: ClassicDevice = { options, running, saved: running };
  const console = loginToClassic({ ...device, options: { ...options, readOnly: false } });
  for (const line of linesIn(options.config)) {
    const { text } = console.enter(line);
    console.enter('exit all');
    if (text !== '') {
      throw new Error(`SR OS would not load "${line}": ${text}`);
    }
  }
  device.saved = structuredClone(running);
  return {
    login: () => loginToClassic(device),
    running: () => staticPaths(running),
    startup: () => staticPaths(device.saved),
  };
}
