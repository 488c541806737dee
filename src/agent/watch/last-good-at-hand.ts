/** Whether there is anything to keep the upstreams to before the cloud was read for the first time. */
import type { Config } from '../../config/schema.ts';
import { configDigest } from '../last-good.ts';
import type { StateDirectory } from '../state.ts';
import { ledgerKey, type Upstream } from '../upstream.ts';

interface Surroundings {
  readonly config: Config;
  readonly upstreams: readonly Upstream[];
  readonly state: Pick<StateDirectory, 'readLastGood'>;
}

/** True where one upstream at least has a last good state of the policy that is in force. */
export async function hasLastGood({ config, upstreams, state }: Surroundings): Promise<boolean> {
  for (const upstream of upstreams) {
    const last = await state.readLastGood(ledgerKey(upstream));
    if (last?.configDigest === configDigest(config.policy, upstream.config)) {
      return true;
    }
  }
  return false;
}
