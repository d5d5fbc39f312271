/**
 * The figures to reach, and whether a run reached them.
 *
 * Each is about one row. `over` names another way of it: ours must be `atLeast` that many times better (below 1: within so
 * many times of a limit). Without `over`, the value of `way` (ours by default) must be `atMost` so much, in the row's unit.
 */

const MIB = 1024 * 1024;
const ROUTED = 'Bytes to routed message';
const WHOLE = 'Bytes to materialised payload';

const routed = (row, entries) => entries.map(([over, atLeast]) => ({ figure: `${ROUTED}, ${row}`, group: 'routing', row, over, atLeast }));
const whole = (row, entries) => entries.map(([over, atLeast]) => ({ figure: `${WHOLE}, ${row}`, group: 'materialise', row, over, atLeast }));
const registered = (row) => [
  { figure: `Register and settle, ${row}`, group: 'correlation', row, over: 'Map and timers', atLeast: 3 },
  { figure: `Register and settle, ${row}: a million/s`, group: 'correlation', row, atMost: 1_000 },
];
const sizes = (names, one) => names.flatMap(one);

export const TARGETS = [
  ...routed('140 B request', [['JSON.parse', 8], ['SDK 1.x ReadBuffer', 20], ['C++ simdjson on-demand', 1 / 2]]),
  ...routed('6 KB tools/list', [['JSON.parse', 12], ['C++ simdjson on-demand', 1 / 1.3]]),
  ...routed('1 MiB base64, 64 KiB chunks', [['JSON.parse', 8], ['SDK 1.x ReadBuffer', 25], ['C++ simdjson on-demand', 1 / 1.3]]),
  ...sizes(
    ['140 B request', '6 KB tools/list', '64 KiB rows', '1 MiB base64, one chunk', '1 MiB base64, 64 KiB chunks', '1 MiB rows, 64 KiB chunks'],
    (row) => whole(row, [['JSON.parse', 0.95]]),
  ),
  ...whole('140 B request', [['SDK 1.x ReadBuffer', 2]]),
  ...whole('1 MiB base64, 64 KiB chunks', [['SDK 1.x ReadBuffer', 3]]),
  { figure: 'Time per byte, 64 MiB against 1 MiB', group: 'streaming', row: '64 MiB against 1 MiB', over: 'airs-mcp, 1 MiB', atLeast: 1 / 1.5 },
  { figure: 'Scanner’s own memory, 64 MiB message', group: 'streaming', row: 'scanner’s own memory, 64 MiB message', atMost: 16 * MIB },
  ...sizes(['first', 'last'], (place) => [
    { figure: `at('/params/name') on 1 MiB params, name ${place}`, group: 'reading', row: `at('/params/name'), 1 MiB params, name ${place}`, over: 'JSON.parse', atLeast: 20 },
  ]),
  { figure: 'withId of a 1 MiB message', group: 'reading', row: 'withId of a 1 MiB message', over: 'memcpy in C++', atLeast: 1 / 2 },
  ...sizes(['1 KiB', '10 KiB', '100 KiB', '1 MiB'], (row) => [
    { figure: `Serialise into a pooled buffer, ${row}`, group: 'serialise', row, over: 'JSON.stringify + Buffer.from', atLeast: 1 },
    { figure: `Serialise into a pooled buffer, ${row}: bytes allocated`, group: 'serialise', row: `${row}, bytes allocated`, over: 'JSON.stringify + Buffer.from', atLeast: 5 },
  ]),
  ...sizes([10, 1000], (size) => [
    { figure: `Pool of ${size}: acquire and release`, group: 'pool', row: `pool of ${size}`, atMost: 50 },
    { figure: `Pool of ${size}: against fresh allocation of 256 KiB`, group: 'pool', row: `pool of ${size}`, over: 'Buffer.allocUnsafeSlow', atLeast: 10 },
  ]),
  { figure: 'Pool: 1000 against 10', group: 'pool', row: 'pool of 1000 against 10', over: 'airs-mcp, 10', atLeast: 1 / 1.25 },
  { figure: 'Receive 1 MiB messages: bytes allocated', group: 'receiving', row: '1 MiB messages: bytes allocated', over: '\'data\' events', atLeast: 5 },
  { figure: 'Receive 1 MiB messages: collections', group: 'receiving', row: '1 MiB messages: collections', over: '\'data\' events', atLeast: 10 },
  { figure: 'Receive 1 MiB messages: peak memory of the process', group: 'receiving', row: '1 MiB messages: peak memory', over: '\'data\' events', atLeast: 2 },
  ...sizes(['1', '256', '10,000', '100,000'], (count) =>
    sizes(['one timeout', 'four timeouts', 'timeouts all mixed'], (timeouts) => registered(`${count} in flight, ${timeouts}`))),
  { figure: 'A pending request at 100,000: heap', group: 'correlation', row: 'heap of a pending request', atMost: 500 },
  { figure: 'Backlog of 10,000 against 100', group: 'processor', row: 'backlog of 10,000 against 100', over: 'airs-mcp, 100', atLeast: 1 / 1.15 },
  { figure: 'Computing handler, two threads', group: 'processor', row: 'computing handler, two threads', over: 'airs-mcp, one thread', atLeast: 1.7 },
  ...sizes(['one processor', 'two peers', 'two peers that read on'], (through) => [
    { figure: `Flood of 100,000 through ${through}: lost`, group: 'processor', row: `flood through ${through}: requests lost`, atMost: 0 },
  ]),
  { figure: 'Flood of 100,000: live heap', group: 'processor', row: 'flood through one processor: live heap', atMost: 2 * MIB },
  { figure: 'Flood of 100,000: receive buffers', group: 'processor', row: 'flood through two peers: receive buffers', atMost: MIB },
  { figure: 'Stdio echo, 256 in flight', group: 'stdio', row: 'small echo, 256 in flight', over: 'SDK 2.x', atLeast: 15 },
  { figure: 'Stdio echo, 256 in flight', group: 'stdio', row: 'small echo, 256 in flight', over: 'loop by hand', atLeast: 1.5 },
  { figure: '1 MiB result over stdio, raw', group: 'stdio', row: '1 MiB result, raw, one at a time', over: 'SDK 2.x', atLeast: 10 },
  { figure: '1 MiB result over stdio, raw', group: 'stdio', row: '1 MiB result, raw, one at a time', over: 'bare socketpair', atLeast: 1 / 3 },
  { figure: 'Small calls during a foreign 64 MiB message: p99', group: 'interference', row: 'p99 of small calls during a foreign 64 MiB message', atMost: 10e6 },
  { figure: 'Calls in memory with the monitor, twenty times as often as by default', group: 'monitor', row: 'calls in memory, watched twenty times as often as by default', over: 'airs-mcp, without', atLeast: 0.99 },
  { figure: 'What a call asks the channels, against the call', group: 'monitor', row: 'all that one call asks the channels while nobody listens', over: 'airs-mcp, the whole call', atLeast: 100 },
];

/** On the fallback: ours against code that uses JSON.parse, in every row that has such a way. */
const NEVER_SLOWER_THAN = 1 / 1.1;
const PARSING_CODE = ['JSON.parse', 'JSON.stringify + Buffer.from', 'loop by hand', 'Map and timers', 'Buffer.allocUnsafeSlow', '\'data\' events'];

function fallbackTargets(rows) {
  return rows.filter(({ backend }) => backend === 'javascript').flatMap(({ group, name, ways }) =>
    ways.filter((way) => PARSING_CODE.includes(way.name)).map((way) => ({
      figure: `Fallback, ${group}: ${name}`, backend: 'javascript', group, row: name, over: way.name, atLeast: NEVER_SLOWER_THAN,
    })));
}

/** @returns for each target that `rows` tell of: the target, `value`, `low` and `high`, and whether it is `reached` */
export function judge(rows) {
  return [...TARGETS, ...fallbackTargets(rows)].flatMap((target) => {
    const { backend = 'native', group, row: name, over, way, atLeast, atMost } = target;
    const row = rows.find((one) => one.backend === backend && one.group === group && one.name === name);
    const measured = row?.ways.find((one) => one.name === (over ?? way ?? row.ways[0].name));
    if (measured === undefined) return [];
    const { median, low, high } = over === undefined ? measured : measured.ahead;
    const reached = over === undefined ? median <= atMost : median >= atLeast;
    return [{ ...target, backend, unit: over === undefined ? row.unit : 'times', value: median, low, high, reached }];
  });
}
