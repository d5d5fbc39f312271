/** Random JSON-RPC messages: mostly right ones, with every rule broken now and then. */

import { keyText, memberText, numberText, space, stringText, valueText } from './json.js';
import type { Random } from './random.js';

const METHODS = ['ping', 'tools/call', '', 'notifications/é', 'a"b', 'x'.repeat(300), '\ud83d'];
const MEMBERS = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'] as const;
type Member = (typeof MEMBERS)[number];
const SHAPES: readonly (readonly Member[])[] = [
  ['jsonrpc', 'id', 'method', 'params'],
  ['jsonrpc', 'id', 'method'],
  ['jsonrpc', 'method', 'params'],
  ['jsonrpc', 'method'],
  ['jsonrpc', 'id', 'result'],
  ['jsonrpc', 'id', 'error'],
  ['jsonrpc', 'error'],
];

function idText(random: Random): string {
  if (random.oneIn(10)) return random.pick(['null', 'true', '{}', '[]', '""', '"\\ud800"', `"${'i'.repeat(100)}"`]);
  return random.oneIn(3) ? stringText(random, `id-${random.below(9)}`) : numberText(random);
}

function memberValue(random: Random, member: Member): string {
  if (random.oneIn(15)) return valueText(random, 1);
  switch (member) {
    case 'jsonrpc':
      return stringText(random, '2.0');
    case 'id':
      return idText(random);
    case 'method':
      return stringText(random, random.pick(METHODS));
    case 'error':
      return `{"code":-32000,"message":${stringText(random, 'no')},"data":${valueText(random, 2)}}`;
    default:
      return random.oneIn(2) ? `{"a":${valueText(random, 3)}}` : valueText(random, 3);
  }
}

function membersOf(random: Random): Member[] {
  const members: Member[] = [...random.pick(SHAPES)];
  if (random.oneIn(8)) members.splice(random.below(members.length), 1);
  if (random.oneIn(8)) members.push(random.pick(MEMBERS));
  if (random.oneIn(3)) members.sort(() => random.below(3) - 1);
  return members;
}

/** One object that is a message, or nearly one. */
export function messageText(random: Random): string {
  const members = membersOf(random).map((member) =>
    memberText(random, stringText(random, member), memberValue(random, member)),
  );
  if (random.oneIn(4)) {
    members.splice(random.below(members.length + 1), 0, memberText(random, keyText(random), valueText(random, 2)));
  }
  return `{${space(random)}${members.join(`${space(random)},${space(random)}`)}${space(random)}}`;
}

/** A batch, empty now and then, with members that are no objects now and then. */
export function batchText(random: Random): string {
  const items = random.joined(random.below(6), `${space(random)},${space(random)}`, () =>
    random.oneIn(6) ? valueText(random, 1) : messageText(random),
  );
  return `[${space(random)}${items}${space(random)}]`;
}

/** The text of a frame, white space around it included. */
export function frameText(random: Random): string {
  if (random.oneIn(12)) return space(random);
  const text = random.oneIn(4) ? batchText(random) : random.oneIn(12) ? valueText(random, 3) : messageText(random);
  return `${space(random)}${text}${space(random)}`;
}
