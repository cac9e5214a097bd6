// Who is typing in the channel that is shown, where the server's configuration allows client events.

import { request } from './core/api.js';
import { on } from './core/bus.js';
import { $ } from './core/dom.js';
import { activeChannel, state } from './core/state.js';
import { onEvent } from './realtime.js';

const SEND_EVERY_MS = 3000;
const SHOW_MS = 5000;

const typing = new Map(); // user id -> {name, timer}
let lastSent = 0;

export function startTyping() {
  $('composer-text').addEventListener('input', tell);
  on('channel', clear);
  onEvent('typing', note);
  onEvent('message', (message) => (message.channelId === state.activeId ? forget(message.author.id) : undefined));
}

function tell() {
  const channel = activeChannel();
  if (!channel || !state.session?.features.includes('typing') || Date.now() - lastSent < SEND_EVERY_MS) {
    return;
  }

  lastSent = Date.now();
  request('POST', `/api/channels/${channel.id}/events`, { type: 'typing' }).catch(() => null);
}

function note({ channelId, user }) {
  if (channelId !== state.activeId || user.id === state.session?.user.id) {
    return;
  }

  clearTimeout(typing.get(user.id)?.timer);
  typing.set(user.id, { name: user.name, timer: setTimeout(() => forget(user.id), SHOW_MS) });
  render();
}

function forget(userId) {
  clearTimeout(typing.get(userId)?.timer);
  typing.delete(userId);
  render();
}

function clear() {
  [...typing.keys()].forEach(forget);
  lastSent = 0;
}

function render() {
  const names = [...typing.values()].map((entry) => entry.name);
  $('typing').textContent = names.length === 0 ? '' : names.length === 1
    ? `${names[0]} is typing…`
    : names.length < 4 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)} are typing…` : 'Several people are typing…';
}
