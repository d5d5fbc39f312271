import type { Profiler } from 'node:inspector';

/** What kind of code a frame of a profile is. */
export type FrameKind = 'javascript' | 'node' | 'native' | 'gc' | 'program' | 'idle';

/** Shares of the profiled time, 0 to 1; together 1. */
export interface ProfileShares {
  /** JavaScript: yours, the packages', and what V8 does for it. */
  readonly javascript: number;
  /** Node's own JavaScript. */
  readonly node: number;
  /** Functions in C++: the addon's scan, and Node's own. */
  readonly native: number;
  /** The garbage collector. */
  readonly gc: number;
  /** V8 and Node outside any function: compiling, and the event loop's own work. */
  readonly program: number;
  /** The thread waited. */
  readonly idle: number;
}

/** A function in a profile. */
export interface ProfiledFunction {
  readonly name: string;
  readonly kind: FrameKind;
  /** Where it is defined, `file:///...` or `node:...`; empty for native code. */
  readonly url: string;
  /** Its first line, from 1; 0 for native code. */
  readonly line: number;
  /** Time in it, without what it calls (ms). */
  readonly selfTime: number;
  /** That time as a share of the whole, 0 to 1. */
  readonly share: number;
}

/** A call path of a profile: times are microseconds, `self` without its children's. */
export interface CallNode {
  readonly name: string;
  readonly kind: FrameKind;
  readonly url: string;
  readonly line: number;
  self: number;
  readonly children: CallNode[];
}

const SPECIAL: Readonly<Record<string, FrameKind>> = { '(garbage collector)': 'gc', '(program)': 'program', '(idle)': 'idle', '(root)': 'program' };

/** To V8 all functions of Node-API addons are one, without a name. */
const ADDON = '(native addon)';

/** V8's list of nodes as a tree, with the time of each. */
export function callTree({ nodes, samples = [], timeDeltas = [], startTime, endTime }: Profiler.Profile): CallNode {
  const byId = new Map(nodes.map((node) => [node.id, toCallNode(node.callFrame)]));
  for (const { id, children = [] } of nodes) {
    for (const child of children) byId.get(id)?.children.push(byId.get(child) as CallNode); // V8 names no child that it doesn't list
  }
  // A sample stands for the time until the next one.
  let passed = startTime;
  for (const [index, id] of samples.entries()) {
    passed += timeDeltas[index] ?? 0;
    const time = index + 1 < samples.length ? (timeDeltas[index + 1] ?? 0) : endTime - passed;
    // The clock that V8 reads may step back a little.
    (byId.get(id) as CallNode).self += Math.max(0, time);
  }
  return byId.get((nodes[0] as Profiler.ProfileNode).id) as CallNode; // the first is the root
}

function toCallNode({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): CallNode {
  const kind = SPECIAL[functionName] ?? kindOf(url);
  const name = functionName !== '' ? functionName : kind === 'native' ? ADDON : '(anonymous)';
  return { name, kind, url, line: Math.max(0, lineNumber + 1), self: 0, children: [] };
}

function kindOf(url: string): FrameKind {
  if (url === '') return 'native';
  return url.startsWith('node:') ? 'node' : 'javascript';
}

/** Shares by kind, and the `count` functions with the most time of their own. */
export function summarise(profile: Profiler.Profile, count: number): { shares: ProfileShares; top: ProfiledFunction[] } {
  const times = { javascript: 0, node: 0, native: 0, gc: 0, program: 0, idle: 0 };
  const functions = new Map<string, CallNode>();
  eachNode(callTree(profile), (node) => {
    times[node.kind] += node.self;
    const key = `${node.name} ${node.url} ${node.line}`;
    const same = functions.get(key);
    if (same === undefined) functions.set(key, { ...node });
    else same.self += node.self;
  });
  const total = Object.values(times).reduce((sum, time) => sum + time, 0);
  const share = (time: number): number => (total === 0 ? 0 : time / total);
  const { javascript, node, native, gc, program, idle } = times;
  return {
    shares: {
      javascript: share(javascript), node: share(node), native: share(native), gc: share(gc), program: share(program), idle: share(idle),
    },
    top: [...functions.values()]
      .filter(({ self }) => self > 0)
      .sort((a, b) => b.self - a.self)
      .slice(0, count)
      .map(({ name, kind, url, line, self }) => ({ name, kind, url, line, selfTime: self / 1000, share: share(self) })),
  };
}

export function eachNode(node: CallNode, visit: (node: CallNode) => void): void {
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    visit(next);
    waiting.push(...next.children);
  }
}
