import { describe, expect, it } from 'vitest';

interface Cases {
  FAULTS: Record<string, (subject: unknown) => Promise<{ ok: boolean; outcome: string }>>;
  SUBJECTS: { name: string; side: 'sdk' | 'ours' }[];
}

// By a variable, for it is a plain script without types.
const path = '../../bench/faults-cases.mjs';
const { FAULTS, SUBJECTS } = (await import(path)) as Cases;
const ours = SUBJECTS.filter(({ side }) => side === 'ours');

describe.each(ours)('$name: a fault that ends or stalls a session over the SDK transports does neither over ours', (subject) => {
  it.each(Object.keys(FAULTS))('%s', async (fault) => {
    const run = FAULTS[fault] as Cases['FAULTS'][string]; // the key is one of its own
    expect(await run(subject)).toMatchObject({ ok: true });
  });
});
