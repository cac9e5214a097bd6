// Editing one's own messages, and deleting one's own or, as a moderator, any. Arrow up in the empty message box edits one's last message.

import { request } from './core/api.js';
import { on } from './core/bus.js';
import { $, ask, el, notify } from './core/dom.js';
import { activeChannel, state } from './core/state.js';
import { addMessageAction, lastShown, takeComposer } from './messages.js';
import { onEvent } from './realtime.js';

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
  onEvent('message.deleted', noteDeleted);
  $('composer-text').addEventListener('keydown', useKeyboard);
}

function useKeyboard(event) {
  if (event.key === 'Escape' && editing !== null) {
    stop();
  } else if (event.key === 'ArrowUp' && !event.altKey && editing === null && event.target.value === '') {
    const last = lastShown(isMine);
    if (last !== null) {
      event.preventDefault();
      edit(last);
    }
  }
}

function noteDeleted({ id }) {
  if (editing?.id === id) {
    stop();
    notify('The message that you were editing has been deleted.');
  }
}

function edit(message) {
  editing = message;
  $('composer-extras').prepend(line);
  takeComposer(save, message.text);
}

async function save(text) {
  const message = editing;
  try {
    await request('PATCH', `/api/messages/${message.id}`, { text });
    if (editing === message) {
      // What was written meanwhile stays.
      const box = $('composer-text');
      takeComposer(null, box.value === text ? '' : box.value);
    }
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
    if (window.matchMedia('(hover: hover)').matches) {
      $('composer-text').focus(); // its button goes with the message
    }
  } catch (error) {
    notify(error.message, { failure: true });
  }
}
