// Messages on their way. Each has a client id, so sending it again is harmless; of one channel they go in order. A first try and five more after
// 2, 4, 8, 16 and 32 s; what the server refuses for good leaves at once, and the user is told.

import { request } from './core/api.js';
import { on } from './core/bus.js';
import { $, el, fill, newId, notify, shorten } from './core/dom.js';
import { state } from './core/state.js';
import { receive, toEnd } from './messages.js';

const RETRIES = 5;
const SHOW_AFTER_MS = 400;

let queue = [];

export function startResend() {
  on('send', add);
  on('session', restore);
  on('channel', render);
  on('stream', (name) => (name === 'live' ? hurry() : undefined));
}

function add({ channelId, text }) {
  queue.push({ clientId: newId(), channelId, text, failures: 0, state: 'waiting', timer: 0, due: 0, since: Date.now() });
  save();
  pump(channelId);
  setTimeout(render, SHOW_AFTER_MS);
}

/** Sends the oldest message of a channel, if none is on its way and its time has come; `now` does not wait for that. */
async function pump(channelId, { now = false } = {}) {
  const item = queue.find((entry) => entry.channelId === channelId);
  if (!item || item.state === 'sending' || (!now && item.due > Date.now())) {
    return;
  }

  clearTimeout(item.timer);
  item.state = 'sending';
  try {
    const message = await request('POST', `/api/channels/${channelId}/messages`, { text: item.text, clientId: item.clientId });
    leave(item);
    receive(message);
    toEnd();
  } catch (error) {
    failed(item, error);
  }

  render();
  if (item.state !== 'waiting') {
    pump(channelId);
  }
}

function failed(item, error) {
  if (!queue.includes(item)) {
    return;
  }

  if (!error.retryable || item.failures === RETRIES) {
    item.state = 'failed';
    leave(item);
    notify(`Not sent: “${shorten(item.text)}”. ${error.message}`, { failure: true });
    return;
  }

  const seconds = Math.max(Math.min(2 * 2 ** item.failures, 60), error.retryAfterSeconds ?? 0);
  item.failures += 1;
  item.state = 'waiting';
  item.refused = error.status !== 0;
  item.reason = error.status === 429 ? error.message : '';
  item.due = Date.now() + seconds * 1000;
  item.timer = setTimeout(() => pump(item.channelId), seconds * 1000);
  save();
}

/** The stream is back, so the server is: what waits for the network goes now. What a busy server put off keeps its delay. */
function hurry() {
  for (const item of queue.filter((entry) => entry.state === 'waiting' && !entry.refused)) {
    pump(item.channelId, { now: true });
  }
}

function leave(item) {
  clearTimeout(item.timer);
  queue = queue.filter((entry) => entry !== item);
  save();
}

function render() {
  const rows = queue.filter((item) => item.channelId === state.activeId && (item.failures > 0 || Date.now() - item.since >= SHOW_AFTER_MS));
  fill($('resend'), rows.map((item) => {
    const status = item.failures === 0 ? 'Sending…' : `Not sent yet. ${item.reason ? `${item.reason} ` : ''}Try ${item.failures + 1} of ${RETRIES + 1} follows.`;
    return { key: item.clientId, look: status, build: () => row(item, status) };
  }));
}

function row(item, status) {
  const now = el('button', { type: 'button', className: 'quiet', textContent: 'Send now' });
  now.addEventListener('click', () => pump(item.channelId, { now: true }));
  const drop = el('button', { type: 'button', className: 'quiet', textContent: 'Discard' });
  drop.addEventListener('click', () => {
    leave(item);
    render();
    pump(item.channelId);
  });
  return el(
    'li',
    { className: 'message waiting', data: { clientId: item.clientId } },
    el('span', { className: 'avatar-space' }),
    el('div', { className: 'message-body' }, el('p', { className: 'message-text', textContent: item.text }), el('p', { className: 'muted', textContent: status })),
    item.failures === 0 ? null : el('div', { className: 'message-actions shown' }, now, drop),
  );
}

// What is not sent yet survives a reload of the page, for the same user in the same browser.
const storageKey = () => `unsent:${state.session.user.id}`;

function save() {
  if (state.session !== null) {
    const kept = queue.map(({ clientId, channelId, text, failures, since }) => ({ clientId, channelId, text, failures, since }));
    if (kept.length > 0) {
      localStorage.setItem(storageKey(), JSON.stringify(kept));
    } else {
      localStorage.removeItem(storageKey());
    }
  }
}

function restore(session) {
  queue.forEach((item) => clearTimeout(item.timer));
  queue = session === null ? [] : stored().map((item) => ({ ...item, state: 'waiting', timer: 0, due: 0 }));
  render();
  hurry();
}

// A damaged entry is dropped: the page has to go on without it.
function stored() {
  try {
    const items = JSON.parse(localStorage.getItem(storageKey()) ?? '[]');
    if (items.every((item) => typeof item.clientId === 'string' && typeof item.channelId === 'string' && typeof item.text === 'string')) {
      return items;
    }
  } catch {
    // No JSON, or no list.
  }
  localStorage.removeItem(storageKey());
  return [];
}
