import type { Figures } from '../verbs/verb.ts';

/** What this process takes of its machine, by the names that Redis monitors read. */
export function memoryAndProcessor(): Figures {
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    Memory: { used_memory: heapUsed + external, used_memory_rss: rss },
    CPU: { used_cpu_sys: seconds(system), used_cpu_user: seconds(user) },
  };
}

/** Microseconds as seconds, with all digits. */
function seconds(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6);
}
