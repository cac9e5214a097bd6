// One stream of events. The browser reconnects by itself and says where it was; what it gives up on is opened again here.

import { ENDED, signOut } from './accounts.js';
import { emit, on } from './core/bus.js';
import { $ } from './core/dom.js';
import { state } from './core/state.js';

const MAX_CHANNELS = 63;
const MAX_DELAY_MS = 60_000;
const LABELS = { connecting: 'Connecting…', live: 'Live', waiting: 'Reconnecting…', offline: 'Offline' };

const handlers = new Map();
let source = null;
let subscribed = null;
let failures = 0;
let retry = 0;

/** Handles one type of event of the server. Call it while the page starts. */
export function onEvent(type, handler) {
  handlers.set(type, [...(handlers.get(type) ?? []), handler]);
}

export function startRealtime() {
  on('session', (session) => (session === null ? stop() : undefined));
  on('channels', follow);
  on('channel', (channel) => (channel?.joined ? follow() : undefined));
  onEvent('membership', (change) => {
    if (!change.joined) {
      subscribed = null; // the server took the channel off the stream, so a stream with the same channels is not the same
    }
  });
  window.addEventListener('online', () => open());
  window.addEventListener('offline', () => show('offline'));
}

/** Subscribes to the channels that the user is in; the one that is shown comes first. */
function follow() {
  const wanted = wantedChannels();
  if (source === null || wanted !== subscribed) {
    open();
  }
}

function wantedChannels() {
  const joined = [...state.channels.values()].filter((channel) => channel.joined);
  joined.sort((a, b) => Number(b.id === state.activeId) - Number(a.id === state.activeId) || lastSent(b) - lastSent(a));
  return joined.slice(0, MAX_CHANNELS).map((channel) => channel.id).sort().join(',');
}

const lastSent = (channel) => Date.parse(channel.lastMessage?.sentAt ?? 0);

function open() {
  if (state.session === null) {
    return;
  }

  close();
  subscribed = wantedChannels();
  show('connecting');
  const opened = new EventSource(`/api/events?channels=${subscribed}`);
  source = opened;
  opened.addEventListener('open', () => {
    failures = 0;
    $('gap').hidden = true;
    show('live');
    emit('stream.fresh');
  });
  opened.addEventListener('error', (event) => (event.data ? refused(JSON.parse(event.data)) : broken(opened)));
  opened.addEventListener('close', () => show('waiting'));
  opened.addEventListener('sse.gap', () => {
    $('gap').hidden = false;
    emit('stream.fresh');
  });
  for (const [type, list] of handlers) {
    opened.addEventListener(type, (event) => {
      const data = JSON.parse(event.data);
      list.forEach((handler) => handler(data));
    });
  }
}

function refused({ code }) {
  if (code in ENDED) {
    close();
    signOut(ENDED[code]);
  }
}

function broken(opened) {
  if (opened !== source) {
    return;
  }

  show(navigator.onLine ? 'waiting' : 'offline');
  if (opened.readyState === EventSource.CLOSED) {
    // Refused by an answer other than 200: the browser does not try again by itself.
    const delay = Math.min(2000 * 2 ** failures, MAX_DELAY_MS);
    failures += 1;
    retry = setTimeout(open, delay);
    emit('stream.refused');
  }
}

function close() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function stop() {
  close();
  subscribed = null;
  failures = 0;
}

function show(name) {
  $('connection').dataset.state = name;
  $('connection').textContent = LABELS[name];
  emit('stream', name);
}
