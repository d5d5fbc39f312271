import { onTestFinished } from 'vitest';
import { type ChannelEvents, type ChannelName, subscribe } from '../../src/base/channels.js';

/** What is published on a channel until the test ends, as `view` sees it. */
export function published<Name extends ChannelName, View = ChannelEvents[Name]>(
  name: Name, view: (event: ChannelEvents[Name]) => View = (event) => event as View,
): View[] {
  const events: View[] = [];
  onTestFinished(subscribe(name, (event) => void events.push(view(event))));
  return events;
}
