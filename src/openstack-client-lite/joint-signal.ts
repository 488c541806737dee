/**
 * One signal out of several and of a deadline, for the length of one piece of work. What AbortSignal.any and
 * AbortSignal.timeout make lives as long as its longest source: in an agent, for ever.
 */

export interface JointSignal {
  readonly signal: AbortSignal;
  /** True once the deadline has passed before any of the sources fired. */
  readonly isLate: () => boolean;
}

export interface JointSources {
  readonly sources: readonly AbortSignal[];
  /** Milliseconds; without it there is no deadline. */
  readonly deadlineMs?: number;
}

/** Runs the work, and lets go of the sources when it has ended. */
export async function withJointSignal<T>(
  { sources, deadlineMs }: JointSources,
  work: (joint: JointSignal) => Promise<T>,
): Promise<T> {
  const joint = new AbortController();
  let isLate = false;
  const relays = sources.map((source) => relay(source, joint));
  const timer =
    deadlineMs === undefined
      ? undefined
      : setTimeout(() => {
          isLate = !joint.signal.aborted;
          joint.abort(new DOMException('the deadline passed', 'TimeoutError'));
        }, deadlineMs);
  try {
    return await work({ signal: joint.signal, isLate: () => isLate });
  } finally {
    clearTimeout(timer);
    relays.forEach((release) => release());
  }
}

function relay(source: AbortSignal, joint: AbortController): () => void {
  const pass = (): void => joint.abort(source.reason);
  if (source.aborted) {
    pass();
  } else {
    source.addEventListener('abort', pass, { once: true });
  }
  return () => source.removeEventListener('abort', pass);
}
