/** Memory and CPU time of a process out of the texts of /proc, as proc(5) has them. Pure; in MiB and seconds. */

/** Resident now, from /proc/PID/status. */
export function rssMiB(status: string): number {
  return field(status, 'VmRSS');
}

/** The most that was resident at a time. */
export function peakMiB(status: string): number {
  return field(status, 'VmHWM');
}

/** CPU time of some threads, from their /proc/PID/task/TID/schedstat: the first number of each, in nanoseconds. */
export function cpuSeconds(schedstats: readonly string[]): number {
  return schedstats.reduce((sum, text) => sum + Number(text.split(' ')[0] ?? 0), 0) / 1e9;
}

/** CPU time of children that have ended and were waited for, from /proc/PID/stat: cutime and cstime, in ticks of 10 ms. */
export function childrenCpuSeconds(stat: string): number {
  // After the name, which may hold anything; the third field of the file comes first.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0] = fields.slice(13, 15);
  return (user + system) / 100;
}

function field(status: string, name: string): number {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kib === undefined) {
    throw new Error(`/proc tells no ${name}`);
  }
  return Number(kib) / 1024;
}
