import { lines, pieces, rows as table } from '../lib/data.mjs';
import { allocatedBy } from '../peers/limits.mjs';
import { airs, parseLines, sdk1 } from '../peers/readers.mjs';
import { CHUNK, MIB } from './inputs.mjs';

const SIZES = [1, 4, 16, 64];
const LIMIT = { maxMessageSize: 128 * MIB };
/** Above, one pass of the SDK takes seconds. */
const SDK_UP_TO = 4;

const inputOf = (mib) => ({ chunks: pieces(lines(1, (id) => table(id, mib * MIB)), CHUNK), count: 1 });

export const group = {
  name: 'streaming',
  costly: true,
  title: 'Long messages in 64 KiB chunks',
  about: 'One message of rows, routed; the time is for each MiB, so that a flat line is linear work. JSON.parse has one concat before it.',
  unit: 'ns/MiB',
  scale: 'bytes',
  rows: [
    ...SIZES.map((mib) => ({
      name: `${mib} MiB`,
      size: mib * MIB,
      units: mib,
      slow: mib > 1,
      rounds: mib > 4 ? 3 : undefined,
      notes: mib > SDK_UP_TO ? [`left out: the SDK, whose time grows with the square of the size`] : [],
      ways() {
        const input = inputOf(mib);
        return {
          'airs-mcp, strict': airs(input, LIMIT),
          'JSON.parse': parseLines(input),
          'SDK 1.x ReadBuffer': mib <= SDK_UP_TO ? sdk1(input) : undefined,
        };
      },
    })),
    {
      name: '64 MiB against 1 MiB',
      rounds: 5,
      ways: () => Object.fromEntries([64, 1].map((mib) => [`airs-mcp, ${mib} MiB`, { pass: airs(inputOf(mib), LIMIT), units: mib }])),
    },
    {
      name: 'scanner’s own memory, 64 MiB message',
      unit: 'bytes',
      native: true,
      slow: true,
      rounds: 1,
      notes: ['each in a fresh process; what malloc gave for one pass'],
      ways() {
        const input = inputOf(64);
        return {
          'airs-mcp scanner': allocatedBy('scan', input),
          'C++ simdjson on-demand': allocatedBy('ondemand', input),
          'C++ simdjson DOM': allocatedBy('dom', input),
        };
      },
    },
  ],
};
