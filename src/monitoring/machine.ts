import { availableParallelism, freemem, totalmem } from 'node:os';

/** What a configuration is made for. Sizes in bytes. */
export interface Machine {
  /** Cores that this process may use. */
  readonly cores: number;
  /** Memory that this process may use: the limit of its control group, else what the machine has. */
  readonly memoryLimit: number;
  /** Memory that nobody uses now. */
  readonly freeMemory: number;
}

/** This machine, as the process sees it. */
export function thisMachine(): Machine {
  const total = totalmem();
  // 0 or an absurd number where nothing constrains the process; older runtimes don't know.
  const constrained = (process as Partial<Pick<NodeJS.Process, 'constrainedMemory'>>).constrainedMemory?.() ?? 0;
  return {
    cores: availableParallelism(),
    memoryLimit: constrained > 0 && constrained < total ? constrained : total,
    freeMemory: freemem(),
  };
}
