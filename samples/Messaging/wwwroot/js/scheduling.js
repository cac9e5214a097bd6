// Messages that are sent later: written in the message box, listed and cancelled in a dialog of their own.

import { request, requestAll } from './core/api.js';
import { on } from './core/bus.js';
import { $, el, fill, newId, notify, once, shorten } from './core/dom.js';
import { state } from './core/state.js';
import { takeComposer } from './messages.js';
import { onEvent } from './realtime.js';

const UNITS = [['seconds', 1], ['minutes', 60], ['hours', 3600], ['days', 86_400]];
const MAX_SECONDS = 2_592_000;
const when = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

const amount = el('input', { type: 'number', id: 'schedule-amount', min: 1, value: 10, required: true });
const unit = el('select', { id: 'schedule-unit', ariaLabel: 'Unit of time' }, ...UNITS.map(([label, seconds]) => el('option', { value: seconds, textContent: label })));
unit.value = '60';
const leave = el('button', { type: 'button', className: 'link', textContent: 'Send now instead' });
const show = el('button', { type: 'button', className: 'link', textContent: 'Scheduled messages' });
const panel = el(
  'div',
  { id: 'schedule-panel', className: 'schedule' },
  el('label', { htmlFor: 'schedule-amount', textContent: 'Send in' }),
  amount,
  unit,
  show,
  leave,
);
const toggle = el('button', { type: 'button', id: 'schedule-toggle', className: 'icon', ariaLabel: 'Send later', title: 'Send later', textContent: '◷' });

const count = el('span', { className: 'badge', hidden: true });
const open = el('button', { type: 'button', id: 'scheduled-open', className: 'channel' }, el('span', { className: 'channel-sign', ariaHidden: 'true', textContent: '◷' }), el('span', { className: 'channel-text', textContent: 'Scheduled messages' }), count);
const list = el('ul', { id: 'scheduled-list', className: 'scheduled' });
const close = el('button', { type: 'button', className: 'quiet', textContent: 'Close' });
const dialog = el(
  'dialog',
  { id: 'scheduled-dialog', className: 'dialog', aria: { labelledby: 'scheduled-title' } },
  el('h2', { id: 'scheduled-title', textContent: 'Scheduled messages' }),
  list,
  el('div', { className: 'dialog-buttons' }, close),
);

const heard = new Map(); // id -> the state that the page last heard of
let waiting = []; // what the server last said
let attempt = null; // {channelId, text, clientId}: the same message again keeps its id, so that it is stored once

export function startScheduling() {
  $('composer-tools').append(toggle);
  document.querySelector('nav.channels').append(open);
  document.body.append(dialog);
  toggle.setAttribute('aria-expanded', 'false');
  toggle.addEventListener('click', () => (panel.isConnected ? stop() : start()));
  leave.addEventListener('click', stop);
  show.addEventListener('click', showList);
  open.addEventListener('click', showList);
  close.addEventListener('click', () => dialog.close());
  for (const field of [amount, unit]) {
    field.addEventListener('keydown', byKeyboard);
  }

  on('channel', () => (panel.isConnected ? stop() : undefined));
  on('composer', (taken) => (taken === schedule ? undefined : leavePanel()));
  on('session', (session) => (session === null ? forget() : refresh()));
  on('stream.fresh', refresh);
  onEvent('scheduled', changed);
}

function start() {
  $('composer-extras').prepend(panel);
  toggle.setAttribute('aria-expanded', 'true');
  takeComposer(schedule, $('composer-text').value, 'Schedule');
}

function stop() {
  const text = $('composer-text').value;
  takeComposer(null, text);
}

/** Someone else has the message box now, or nobody. */
function leavePanel() {
  panel.remove();
  toggle.setAttribute('aria-expanded', 'false');
}

function byKeyboard(event) {
  if (event.key === 'Enter') {
    event.preventDefault();
    $('composer').requestSubmit();
  } else if (event.key === 'Escape') {
    stop();
  }
}

async function schedule(text) {
  const seconds = Math.round(amount.valueAsNumber * Number(unit.value));
  if (!(seconds >= 1 && seconds <= MAX_SECONDS)) {
    notify('Choose a time of 1 second to 30 days.');
    amount.focus();
    return;
  }

  const channelId = state.activeId;
  attempt = attempt?.channelId === channelId && attempt.text === text ? attempt : { channelId, text, clientId: newId() };
  $('composer-send').disabled = true;
  try {
    const message = await request('POST', `/api/channels/${channelId}/messages`, { text, clientId: attempt.clientId, delaySeconds: seconds });
    attempt = null;
    hear(message, true);
    notify(`“${shorten(text)}” will be sent on ${when.format(new Date(message.dueAt))}.`);
    if (state.activeId === channelId && panel.isConnected) {
      // What was written meanwhile stays.
      const box = $('composer-text');
      takeComposer(null, box.value === text ? '' : box.value);
    }

    await refresh();
  } catch (error) {
    // The text stays in the box.
    notify(`Not scheduled: “${shorten(text)}”. ${error.message}`, { failure: true });
  } finally {
    $('composer-send').disabled = false;
  }
}

function changed(message) {
  hear(message, true);
  refresh();
}

/** Says once that a message was not sent: when its event comes or, when that came while no stream was open, when the list says so of one that waited. */
function hear(message, isNews) {
  const before = heard.get(message.id);
  if (before === 'failed') {
    return;
  }

  heard.set(message.id, message.state);
  if (message.state === 'failed' && (isNews || before !== undefined)) {
    notify(`Not sent: “${shorten(message.text)}”. ${message.reason}`, { failure: true });
  }
}

async function showList() {
  render();
  dialog.showModal();
  await refresh();
}

/** Reads the list again. Calls that come while one runs share one more run. */
async function refresh() {
  if (state.session === null) {
    return;
  }

  if (refresh.running) {
    refresh.again = true;
    return;
  }

  refresh.running = true;
  try {
    do {
      refresh.again = false;
      waiting = await requestAll('/api/scheduled');
      waiting.forEach((message) => hear(message, false));
    } while (refresh.again);
    render();
  } catch (error) {
    notify(`The scheduled messages could not be read. ${error.message}`);
  } finally {
    refresh.running = false;
  }
}

function render() {
  count.hidden = waiting.length === 0;
  count.replaceChildren(String(waiting.length), el('span', { className: 'visually-hidden', textContent: ' waiting' }));
  fill(list, waiting.length === 0 ? [nothing] : waiting.map(item), () => list.querySelector('button') ?? close);
}

const nothing = { key: 'nothing', look: '', build: () => el('li', { className: 'muted', textContent: 'Nothing is waiting to be sent.' }) };

function item(message) {
  const channel = state.channels.get(message.channelId)?.name ?? 'a channel that you do not see';
  return { key: message.id, look: JSON.stringify([message, channel]), build: () => row(message, channel) };
}

function row(message, channel) {
  const failed = message.state === 'failed';
  const cancel = el('button', {
    type: 'button', className: 'quiet', textContent: failed ? 'Dismiss' : 'Cancel', ariaLabel: `${failed ? 'Dismiss' : 'Cancel'}: ${shorten(message.text)}`,
  });
  cancel.addEventListener('click', () => once(cancel, () => remove(message)));
  return el(
    'li',
    { data: { scheduled: message.id, state: message.state } },
    el('p', { className: 'scheduled-text', textContent: message.text }),
    failed
      ? el('p', { className: 'error', textContent: `Not sent to ${channel}: ${message.reason}` })
      : el('p', { className: 'muted' }, `Waiting for ${channel}, due `, el('time', { dateTime: message.dueAt, textContent: when.format(new Date(message.dueAt)) })),
    cancel,
  );
}

async function remove(message) {
  try {
    await request('DELETE', `/api/scheduled/${message.id}`);
  } catch (error) {
    notify(`“${shorten(message.text)}”: ${error.message}`, { failure: true });
  }

  await refresh();
}

function forget() {
  waiting = [];
  attempt = null;
  heard.clear();
  dialog.close();
  render();
}
