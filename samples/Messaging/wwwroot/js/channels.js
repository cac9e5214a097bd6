// The channel list: create, join, leave, members, unread counts.

import { request, requestAll } from './core/api.js';
import { emit, on } from './core/bus.js';
import { $, el, fill, notify } from './core/dom.js';
import { activeChannel, state } from './core/state.js';
import { openMembers, startMembers } from './members.js';
import { onEvent } from './realtime.js';

const actions = [];
let created = 0; // channels that this page made

/** Adds a button to the head of a channel: `{label, when(channel), run(channel)}`. */
export function addChannelAction(action) {
  actions.push(action);
}

export function startChannels() {
  startMembers();
  addChannelAction({ label: 'Members', when: (channel) => channel.joined, run: openMembers });
  addChannelAction({ label: 'Leave', when: (channel) => channel.joined, run: leave });
  addChannelAction({ label: 'Join', when: (channel) => !channel.joined, run: join, primary: true });
  $('channel-new').addEventListener('click', openDialog);
  $('channel-form').addEventListener('submit', create);
  $('channel-form-cancel').addEventListener('click', () => $('channel-dialog').close());
  $('channel-back').addEventListener('click', back);
  document.addEventListener('keydown', moveByKeyboard);
  on('session', (session) => (session === null ? clear() : refresh()));
  on('stream.fresh', refresh);
  on('stream.refused', () => refresh({ quiet: true }));
  onEvent('message', noteMessage);
  onEvent('message.deleted', () => refresh());
  onEvent('message.edited', noteEdit);
  onEvent('channel.read', noteRead);
  onEvent('membership', () => refresh());
  onEvent('presence', refreshSoon);
}

/** Who comes or goes may have joined or left: the figures of the shown channel follow a moment later, at different moments in different windows. */
function refreshSoon({ channelId }) {
  if (channelId !== state.activeId || refreshSoon.waits) {
    return;
  }

  refreshSoon.waits = true;
  setTimeout(() => {
    refreshSoon.waits = false;
    if (state.session !== null) {
      refresh();
    }
  }, 500 + Math.random() * 1500);
}

/** Reads the list again. Calls that come while one runs share one more run; with `quiet` a failure is not told. */
export async function refresh({ quiet = false } = {}) {
  if (refresh.running) {
    refresh.again = true;
    return;
  }

  refresh.running = true;
  try {
    do {
      refresh.again = false;
      await readList();
    } while (refresh.again);
  } catch (error) {
    if (!quiet) {
      notify(`The channels could not be read. ${error.message}`);
    }
  } finally {
    refresh.running = false;
  }
}

async function readList() {
  const before = created;
  const items = await requestAll('/api/channels');
  if (state.session === null) {
    return;
  }

  if (before !== created) {
    refresh.again = true; // asked for before the channel was there: without it the page would close what it has just opened
    return;
  }

  const shown = activeChannel();
  state.channels = new Map(items.map((channel) => [channel.id, channel]));
  if (shown !== null && activeChannel()?.joined !== shown.joined) {
    open(activeChannel()?.id ?? null);
  }

  render();
  emit('channels');
}

/** Shows a channel. */
export function open(id) {
  state.activeId = id;
  $('workspace').classList.toggle('talking', id !== null);
  render();
  emit('channel', activeChannel());
}

function back() {
  const id = state.activeId;
  open(null);
  document.querySelector(`[data-channel="${id}"]`)?.focus();
}

function clear() {
  state.channels = new Map();
  open(null);
}

function render() {
  const all = [...state.channels.values()];
  const focused = document.activeElement?.dataset.channel;
  const openToJoin = all.filter((channel) => !channel.joined);
  const instead = () => document.querySelector(`[data-channel="${focused}"]`); // it may have gone to the other list
  $('channels-open-section').hidden = openToJoin.length === 0;
  fill($('channels-joined'), all.filter((channel) => channel.joined).map(item), instead);
  fill($('channels-open'), openToJoin.map(item), instead);
  renderHead();
}

function item(channel) {
  const { id, name, unread, lastMessage } = channel;
  return {
    key: id,
    look: JSON.stringify([name, channel.private, unread, lastMessage?.author.name, lastMessage?.text, id === state.activeId]),
    build: () => row(channel),
    update: (element) => paint(element.firstElementChild, channel), // a message may come while somebody presses it
  };
}

function row(channel) {
  const button = el(
    'button',
    { type: 'button', className: 'channel', data: { channel: channel.id } },
    el('span', { className: 'channel-sign', ariaHidden: 'true' }),
    el('span', { className: 'channel-text' }, el('span', { className: 'channel-title' }), el('span', { className: 'channel-last' })),
  );
  paint(button, channel);
  button.addEventListener('click', () => open(channel.id));
  return el('li', {}, button);
}

function paint(button, channel) {
  button.querySelector('.channel-sign').textContent = channel.private ? '●' : '#';
  button.querySelector('.channel-title').textContent = channel.name;
  button.querySelector('.channel-last').textContent = channel.lastMessage === null ? '' : `${channel.lastMessage.author.name}: ${channel.lastMessage.text}`;
  button.querySelector('.badge')?.remove();
  if (channel.unread > 0) {
    button.append(el('span', { className: 'badge', textContent: channel.unread > 99 ? '99+' : String(channel.unread) }, el('span', { className: 'visually-hidden', textContent: ' unread' })));
  }

  if (channel.id === state.activeId) {
    button.setAttribute('aria-current', 'true');
  } else {
    button.removeAttribute('aria-current');
  }
}

function renderHead() {
  const channel = activeChannel();
  $('channel-name').textContent = channel?.name ?? 'Messaging';
  $('channel-facts').textContent = channel === null ? '' : facts(channel);
  const shown = channel === null ? [] : actions.filter((action) => action.when(channel));
  fill($('channel-actions'), shown.map((action) => ({ key: action.label, look: '', build: () => actionButton(action) })));
}

function actionButton({ label, primary, run }) {
  const button = el('button', { type: 'button', className: primary ? 'primary' : 'quiet', textContent: label });
  button.addEventListener('click', () => run(activeChannel()));
  return button;
}

function facts(channel) {
  const members = channel.members === 1 ? '1 member' : `${channel.members} members`;
  return [channel.private ? 'Private' : 'Public', members, channel.role].filter(Boolean).join(' · ');
}

function moveByKeyboard(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!event.altKey || step === undefined || state.channels.size === 0) {
    return;
  }

  event.preventDefault();
  const ids = [...state.channels.values()].filter((channel) => channel.joined).map((channel) => channel.id);
  const at = ids.indexOf(state.activeId);
  open(ids[(at + step + ids.length) % ids.length] ?? null);
}

/** What an event changes while the list is being read may not be in the answer: then it is read once more. */
function noteWhileReading() {
  refresh.again = refresh.again || refresh.running;
}

function noteMessage(message) {
  noteWhileReading();
  const channel = state.channels.get(message.channelId);
  const isOwn = message.author.id === state.session?.user.id;
  if (!channel) {
    return;
  }

  if (channel.lastMessage && message.sequence <= channel.lastMessage.sequence) {
    if (!isOwn) {
      refresh(); // the list may have counted what is unread before it looked for the last message
    }

    return;
  }

  channel.lastMessage = message;
  channel.unread += isOwn ? 0 : 1;
  render();
}

function noteEdit(message) {
  noteWhileReading();
  const channel = state.channels.get(message.channelId);
  if (channel?.lastMessage?.id === message.id) {
    channel.lastMessage = message;
    render();
  }
}

function noteRead({ channelId, sequence }) {
  noteWhileReading();
  const channel = state.channels.get(channelId);
  if (!channel) {
    return;
  }

  if (sequence >= (channel.lastMessage?.sequence ?? 0)) {
    channel.unread = 0;
    render();
  } else {
    refresh();
  }
}

function openDialog() {
  $('channel-form').reset();
  $('channel-form-error').textContent = '';
  $('channel-dialog').showModal();
  $('channel-form-name').focus();
}

async function create(event) {
  event.preventDefault();
  try {
    const channel = await request('POST', '/api/channels', {
      name: $('channel-form-name').value,
      private: $('channel-form-private').checked,
    });
    $('channel-dialog').close();
    created += 1;
    state.channels.set(channel.id, channel);
    emit('channels');
    open(channel.id);
  } catch (error) {
    $('channel-form-error').textContent = error.message;
  }
}

async function join(channel) {
  await attempt(() => request('POST', `/api/channels/${channel.id}/members`, {}));
}

async function leave(channel) {
  await attempt(() => request('DELETE', `/api/channels/${channel.id}/members/me`));
}

async function attempt(work) {
  try {
    await work();
    await refresh();
  } catch (error) {
    notify(error.message, { failure: true });
  }
}
