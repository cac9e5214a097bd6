// The messages of the channel that is shown: newest at the end, holes in the sequence found and fetched.

import { request } from './core/api.js';
import { emit, on } from './core/bus.js';
import { $, avatar, el, fill, notify } from './core/dom.js';
import { activeChannel, state } from './core/state.js';
import { onEvent } from './realtime.js';

const PAGE = 50;
const SAME_SPEAKER_MS = 300_000;
const NEAR_END_PX = 80;
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

const actions = [];
let takenBy = null; // who gets the text instead of sending it
const shown = new Map(); // sequence -> message
const gone = new Set(); // sequences of deleted messages: an answer that was on its way may still have them
const marking = new Map(); // channel id -> the sequence up to which the server is being told that it was read
let visit = 0; // the number of times that a channel was shown: an answer to an earlier one comes too late
let first = 0; // everything after this sequence has been read
let last = 0; // and everything up to this one

/** Adds a button to each message: `{label, when(message), run(message)}`. */
export function addMessageAction(action) {
  actions.push(action);
}

/** Lets `handler(text)` take what is written next, starting with `text`; null gives the box back. */
export function takeComposer(handler, text = '', label = 'Save') {
  takenBy = handler;
  $('composer-text').value = text;
  $('composer-send').textContent = handler === null ? 'Send' : label;
  emit('composer', handler);
  $('composer-text').focus();
  fit();
}

export function startMessages() {
  on('channel', show);
  on('channels', markRead);
  on('stream.fresh', () => catchUp(first));
  onEvent('message', receive);
  onEvent('message.edited', replace);
  onEvent('message.deleted', remove);
  $('log-earlier').addEventListener('click', loadEarlier);
  $('log-scroll').addEventListener('scroll', markRead);
  document.addEventListener('visibilitychange', markRead);
  $('composer').addEventListener('submit', submit);
  $('composer-text').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      $('composer').requestSubmit();
    }
  });
  $('composer-text').addEventListener('input', fit);
}

/** Shows a message that the server has stored, wherever it comes from; the same one twice is one. */
export function receive(message) {
  if (message.channelId !== state.activeId || message.sequence <= first) {
    return;
  }

  if (message.sequence > last + 1) {
    // Something between was missed. What the fetch does not bring has been deleted.
    catchUp();
    return;
  }

  last = Math.max(last, message.sequence);
  put(message);
  render();
}

/** Keeps a message unless something newer is known of it: events and answers come in any order. */
function put(message) {
  const known = shown.get(message.sequence);
  if (!gone.has(message.sequence) && !(known && editedAt(known) > editedAt(message))) {
    shown.set(message.sequence, message);
  }
}

const editedAt = (message) => (message.editedAt ? Date.parse(message.editedAt) : 0);

/** The newest message on the page that fulfils a condition, or null. */
export function lastShown(condition) {
  return [...shown.values()].filter(condition).sort((a, b) => b.sequence - a.sequence)[0] ?? null;
}

function submit(event) {
  event.preventDefault();
  const text = $('composer-text').value;
  if (text.trim() === '' || !activeChannel()?.joined) {
    return;
  }

  if (takenBy !== null) {
    takenBy(text);
    return;
  }

  emit('send', { channelId: state.activeId, text });
  $('composer-text').value = '';
  fit();
}

async function show(channel) {
  visit += 1;
  shown.clear();
  gone.clear();
  const readable = channel?.joined ?? false;
  last = Math.max(0, (channel?.lastMessage?.sequence ?? 0) - PAGE);
  first = last;
  $('composer').hidden = !readable;
  render();
  if (readable) {
    $('composer-text').placeholder = `Message ${channel.name}`;
    if (window.matchMedia('(hover: hover)').matches) {
      $('composer-text').focus(); // not on a phone, where it would open the keyboard
    }

    await catchUp();
    toEnd();
    markRead();
  }
}

/** Reads everything after a sequence, by default after the last message that is shown. What is shown and not in the answers has been deleted. */
async function catchUp(from = last) {
  const channel = activeChannel();
  if (!channel?.joined) {
    return;
  }

  const turn = visit;
  const missing = new Set([...shown.keys()].filter((sequence) => sequence > from));
  try {
    let next = String(from);
    while (next !== null) {
      const page = await request('GET', `/api/channels/${channel.id}/messages?after=${next}&limit=200`);
      if (turn !== visit) {
        return;
      }

      next = page.next;
      page.items.forEach((message) => missing.delete(message.sequence));
      take(page.items);
    }

    missing.forEach((sequence) => remove({ channelId: channel.id, sequence }));
  } catch (error) {
    notify(`The messages could not be read. ${error.message}`);
  }
}

async function loadEarlier() {
  const channel = activeChannel();
  const turn = visit;
  const from = Math.max(0, first - PAGE);
  try {
    const page = await request('GET', `/api/channels/${channel.id}/messages?after=${from}&limit=${first - from}`);
    if (turn !== visit) {
      return;
    }

    const height = $('log-scroll').scrollHeight;
    take(page.items.filter((message) => message.sequence <= first));
    first = from;
    render();
    $('log-scroll').scrollTop += $('log-scroll').scrollHeight - height;
  } catch (error) {
    notify(`The messages could not be read. ${error.message}`);
  }
}

function take(messages) {
  for (const message of messages) {
    put(message);
    last = Math.max(last, message.sequence);
  }

  render();
}

function replace(message) {
  if (message.channelId === state.activeId && message.sequence > first) {
    put(message);
    render();
  }
}

function remove({ channelId, sequence }) {
  if (channelId !== state.activeId) {
    return;
  }

  gone.add(sequence);
  if (shown.delete(sequence)) {
    render();
  }
}

function render() {
  const channel = activeChannel();
  const atEnd = nearEnd();
  const messages = [...shown.values()].sort((a, b) => a.sequence - b.sequence);
  fill($('log'), messages.flatMap((message, i) => rows(message, messages[i - 1])));
  $('log-earlier').hidden = !(channel?.joined && first > 0);
  renderEmpty(channel, messages.length);
  if (atEnd) {
    toEnd();
    markRead();
  }
}

function renderEmpty(channel, count) {
  $('empty').hidden = channel?.joined && count > 0;
  const [title, hint] = channel === null
    ? ['Pick a channel', 'Choose one of the channels, or create the first.']
    : channel.joined
      ? ['Nothing here yet', 'Write the first message.']
      : ['You are not in this channel', 'Join it to read and write.'];
  $('empty').firstElementChild.textContent = title;
  $('empty').lastElementChild.textContent = hint;
}

function rows(message, before) {
  const sent = new Date(message.sentAt);
  const newDay = !before || new Date(before.sentAt).toDateString() !== sent.toDateString();
  const follows = !newDay && before.author.id === message.author.id && sent - new Date(before.sentAt) < SAME_SPEAKER_MS;
  const offered = actions.filter((action) => action.when(message));
  const row = {
    key: message.id,
    look: JSON.stringify([message, follows, offered.map((action) => action.label)]),
    build: () => messageRow(message, sent, follows, offered),
  };
  return newDay ? [{ key: `before ${message.id}`, look: day.format(sent), build: () => dayRow(sent) }, row] : [row];
}

const dayRow = (sent) => el('li', { className: 'day' }, el('span', { textContent: day.format(sent) }));

function messageRow(message, sent, follows, offered) {
  const mine = message.author.id === state.session?.user.id;
  const when = el('time', { dateTime: message.sentAt, textContent: time.format(sent), title: sent.toLocaleString() });
  const edited = message.editedAt ? el('span', { className: 'muted', textContent: ' (edited)' }) : null;
  return el(
    'li',
    { className: `message${follows ? ' follows' : ''}${mine ? ' mine' : ''}`, data: { sequence: message.sequence, id: message.id } },
    follows ? el('span', { className: 'avatar-space' }) : avatar(message.author),
    el(
      'div',
      { className: 'message-body' },
      follows ? null : el('p', { className: 'message-head' }, el('strong', { textContent: message.author.name }), when),
      el('p', { className: 'message-text' }, message.text, edited),
    ),
    messageActions(message, offered),
  );
}

function messageActions(message, offered) {
  if (offered.length === 0) {
    return null;
  }

  return el('div', { className: 'message-actions' }, ...offered.map((action) => {
    const button = el('button', { type: 'button', className: 'quiet', textContent: action.label, data: { control: action.label } });
    button.addEventListener('click', () => action.run(message));
    return button;
  }));
}

function nearEnd() {
  const box = $('log-scroll');
  return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
}

/** Scrolls to the newest message. */
export function toEnd() {
  $('log-scroll').scrollTop = $('log-scroll').scrollHeight;
}

function markRead() {
  const channel = activeChannel();
  if (!channel?.joined || channel.unread === 0 || document.visibilityState !== 'visible' || !nearEnd() || (marking.get(channel.id) ?? 0) >= last) {
    return;
  }

  const sequence = last;
  marking.set(channel.id, sequence);
  request('PUT', `/api/channels/${channel.id}/read`, { sequence }).catch(() => null).finally(() => {
    if (marking.get(channel.id) === sequence) {
      marking.delete(channel.id);
    }
  });
}

function fit() {
  const box = $('composer-text');
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight + 2, 180)}px`;
}
