// The members of a channel: who they are; owners add and remove.

import { request, requestAll } from './core/api.js';
import { $, avatar, el } from './core/dom.js';
import { state } from './core/state.js';

let shown = null;

export function startMembers() {
  $('members-close').addEventListener('click', () => $('members-dialog').close());
  $('members-form').addEventListener('submit', add);
}

export async function openMembers(channel) {
  shown = channel;
  $('members-title').textContent = `Members of ${channel.name}`;
  $('members-form').hidden = channel.role !== 'owner';
  $('members-list').replaceChildren();
  $('members-error').textContent = '';
  $('members-dialog').showModal();
  await attempt(render);
}

async function render() {
  const members = await requestAll(`/api/channels/${shown.id}/members`);
  $('members-list').replaceChildren(...members.map(row));
}

function row(member) {
  const remove = shown.role === 'owner' && member.user.id !== state.session.user.id
    ? el('button', { type: 'button', className: 'quiet', textContent: 'Remove', ariaLabel: `Remove ${member.user.name}` })
    : null;
  remove?.addEventListener('click', () => attempt(async () => {
    await request('DELETE', `/api/channels/${shown.id}/members/${member.user.id}`);
    await render();
  }));
  return el(
    'li',
    {},
    avatar(member.user),
    el('span', { className: 'member-name', textContent: member.user.name }),
    el('span', { className: 'muted', textContent: member.role }),
    remove,
  );
}

async function add(event) {
  event.preventDefault();
  await attempt(async () => {
    const name = $('members-name').value;
    const found = await request('GET', `/api/users?name=${encodeURIComponent(name)}`);
    if (found.items.length === 0) {
      throw new Error(`There is nobody with the name ${name}.`);
    }

    await request('POST', `/api/channels/${shown.id}/members`, { userId: found.items[0].id });
    $('members-name').value = '';
    await render();
  });
}

async function attempt(work) {
  $('members-error').textContent = '';
  try {
    await work();
  } catch (error) {
    $('members-error').textContent = error.message;
  }
}
