// Editing one's own messages, and deleting one's own or, as a moderator, any.

import { request } from './core/api.js';
import { on } from './core/bus.js';
import { $, ask, el, notify } from './core/dom.js';
import { activeChannel, state } from './core/state.js';
import { addMessageAction, takeComposer } from './messages.js';

const isMine = (message) => message.author.id === state.session?.user.id;
const moderates = () => ['owner', 'moderator'].includes(activeChannel()?.role);

const cancel = el('button', { type: 'button', className: 'link', textContent: 'Cancel' });
const line = el('p', { className: 'editing' }, el('span', { textContent: 'Editing your message' }), cancel);

let editing = null;

export function startMessageChanges() {
  addMessageAction({ label: 'Edit', when: isMine, run: edit });
  addMessageAction({ label: 'Delete', when: (message) => isMine(message) || moderates(), run: remove });
  cancel.addEventListener('click', stop);
  on('composer', (taken) => (taken === save ? undefined : leave()));
  on('channel', () => (editing === null ? undefined : stop()));
  $('composer-text').addEventListener('keydown', (event) => (event.key === 'Escape' && editing !== null ? stop() : undefined));
}

function edit(message) {
  editing = message;
  $('composer-extras').prepend(line);
  takeComposer(save, message.text);
}

async function save(text) {
  try {
    await request('PATCH', `/api/messages/${editing.id}`, { text });
    stop();
  } catch (error) {
    notify(error.message, { failure: true });
  }
}

function stop() {
  takeComposer(null);
}

/** Somebody else has the message box now, or nobody. */
function leave() {
  editing = null;
  line.remove();
}

async function remove(message) {
  if (!await ask('Delete this message?', 'Nobody will be able to read it any more.', 'Delete')) {
    return;
  }

  try {
    await request('DELETE', `/api/messages/${message.id}`);
  } catch (error) {
    notify(error.message, { failure: true });
  }
}
