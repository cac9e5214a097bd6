// The members of a channel: who they are; owners add and remove.

import { request, requestAll } from './core/api.js';
import { $, avatar, el } from './core/dom.js';
import { state } from './core/state.js';

const ROLES = ['owner', 'moderator', 'member'];

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
  const other = member.user.id !== state.session.user.id;
  const owner = shown.role === 'owner';
  const bans = other && (owner || (shown.role === 'moderator' && member.role === 'member'));
  const path = `/api/channels/${shown.id}`;
  return el(
    'li',
    {},
    avatar(member.user),
    el('span', { className: 'member-name', textContent: member.user.name }),
    owner && other ? roles(member, path) : el('span', { className: 'muted', textContent: member.role }),
    owner && other ? button('Remove', member, () => request('DELETE', `${path}/members/${member.user.id}`)) : null,
    bans ? button('Ban', member, () => request('PUT', `${path}/bans/${member.user.id}`)) : null,
  );
}

function button(label, member, work) {
  const element = el('button', { type: 'button', className: 'quiet', textContent: label, ariaLabel: `${label} ${member.user.name}` });
  element.addEventListener('click', () => attempt(async () => {
    await work();
    await render();
  }));
  return element;
}

function roles(member, path) {
  const choice = el('select', { ariaLabel: `Role of ${member.user.name}` }, ...ROLES.map((role) => el('option', { value: role, textContent: role })));
  choice.value = member.role;
  choice.addEventListener('change', () => attempt(async () => {
    await request('PUT', `${path}/roles/${member.user.id}`, { role: choice.value });
    await render();
  }));
  return choice;
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
