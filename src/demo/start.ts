/** Puts the demo's parts on their feet: cloud, upstream and configuration, all private and all gone after close(). */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CloudServer, startCloud } from './cloud.ts';
import { type DemoUpstream, type DemoUpstreamKind, openDemoUpstream } from './namespace.ts';
import { DEMO_UPSTREAM, demoConfig } from './story-config.ts';
import { createStory, type Story } from './story.ts';

export interface Demo {
  readonly story: Story;
  readonly server: CloudServer;
  /** What the upstream `edge1` of the configuration really is. */
  readonly upstream: DemoUpstream;
  /** A file in a temporary folder, which also holds the state directory. */
  readonly configFile: string;
  /** The environment that leads to the cloud; nothing of the process's own. */
  readonly env: Readonly<Record<string, string>>;
  /** Removes everything; it may be called twice. */
  readonly close: () => Promise<void>;
}

/** Starts the demo on the first kind of upstream that the system permits; on failure nothing is left behind. */
export async function startDemo(kinds?: readonly DemoUpstreamKind[]): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'route-sync-demo-'));
  const opened: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  let closed: Promise<unknown> | undefined;
  const close = async (): Promise<void> => {
    closed ??= Promise.all(opened.map((end) => end()));
    await closed;
  };
  try {
    const configFile = join(folder, 'route-sync.yaml');
    await writeFile(configFile, demoConfig(join(folder, 'state')));
    const upstream = await openDemoUpstream(DEMO_UPSTREAM, kinds);
    opened.push(upstream.close);
    const story = createStory();
    const server = await startCloud(story.cloud);
    opened.push(server.close);
    return { story, server, upstream, configFile, env: server.env, close };
  } catch (error) {
    await close();
    throw error;
  }
}
