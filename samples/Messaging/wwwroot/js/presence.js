// Who is online in the channel that is shown: read once the stream is open, kept by its events.

import { requestAll } from './core/api.js';
import { on } from './core/bus.js';
import { $, avatar, el } from './core/dom.js';
import { activeChannel, state } from './core/state.js';
import { onEvent } from './realtime.js';

let online = new Map(); // user id -> user
let shownId = null;
let missed = null; // events that came while the list was being read
let reading = 0;

export function startPresence() {
  on('channel', show);
  on('stream.fresh', () => read(activeChannel()));
  onEvent('presence', note);
  $('presence').addEventListener('keydown', closeByKeyboard);
}

function show(channel) {
  if (channel?.id !== shownId) {
    shownId = channel?.id ?? null;
    online = new Map();
    $('presence').open = false;
    render();
  }

  read(channel);
}

async function read(channel) {
  reading += 1;
  const turn = reading;
  if (!channel?.joined) {
    missed = null;
    online = new Map();
    render();
    return;
  }

  missed = [];
  const items = await requestAll(`/api/channels/${channel.id}/presence`).catch(() => null);
  if (turn !== reading) {
    return; // another channel, or a newer answer is on its way
  }

  if (items !== null) {
    online = new Map(items.map((presence) => [presence.user.id, presence.user]));
  }

  missed.forEach(apply);
  missed = null;
  render();
}

function note(presence) {
  if (presence.channelId !== shownId) {
    return;
  }

  if (missed !== null) {
    missed.push(presence);
    return;
  }

  apply(presence);
  render();
}

function apply({ user, online: isOnline }) {
  if (isOnline) {
    online.set(user.id, user);
  } else {
    online.delete(user.id);
  }
}

function render() {
  const users = [...online.values()].sort((a, b) => a.name.localeCompare(b.name));
  $('presence').hidden = users.length === 0;
  $('presence-count').textContent = `${users.length} online`;
  $('presence-list').replaceChildren(...users.map((user) => el(
    'li',
    { data: { user: user.id } },
    avatar(user),
    el('span', { className: 'presence-name', textContent: user.id === state.session?.user.id ? `${user.name} (you)` : user.name }),
  )));
}

function closeByKeyboard(event) {
  if (event.key === 'Escape' && $('presence').open) {
    $('presence').open = false;
    $('presence-count').focus();
  }
}
