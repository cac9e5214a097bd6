// The members of a channel: who they are, in which role, and who is banned. Owners add, remove and give roles; moderators ban.

import { request, requestAll } from './core/api.js';
import { on } from './core/bus.js';
import { $, ask, avatar, el, fill } from './core/dom.js';
import { state } from './core/state.js';

const ROLES = ['owner', 'moderator', 'member'];

let shownId = null;
let shownRole = null;
let working = 0; // requests whose result is not shown yet
let reading = 0; // the number of the last reading

const channel = () => state.channels.get(shownId);
const moderates = () => channel().role === 'owner' || channel().role === 'moderator';

export function startMembers() {
  $('members-close').addEventListener('click', () => $('members-dialog').close());
  $('members-form').addEventListener('submit', add);
  on('channels', follow);
}

export async function openMembers({ id, name, role }) {
  shownId = id;
  shownRole = role;
  $('members-title').textContent = `Members of ${name}`;
  fill($('members-list'), []);
  $('bans').hidden = true;
  $('members-error').textContent = '';
  $('members-dialog').showModal();
  await attempt(render);
}

/** The own role may change while the dialog is open. */
function follow() {
  if (!$('members-dialog').open || channel()?.role === shownRole) {
    return;
  }

  if (channel()?.joined) {
    shownRole = channel().role;
    attempt(render);
  } else {
    $('members-dialog').close();
  }
}

async function render() {
  reading += 1;
  const turn = reading;
  const path = `/api/channels/${shownId}`;
  const members = await requestAll(`${path}/members`);
  const bans = moderates() ? await requestAll(`${path}/bans`) : [];
  if (turn !== reading) {
    return; // a newer answer is on its way, perhaps of another channel
  }

  const { role } = channel();
  $('members-form').hidden = role !== 'owner';
  fill($('members-list'), members.map((member) => ({ key: member.user.id, look: JSON.stringify([role, member]), build: () => memberRow(member, path) })));
  $('bans').hidden = bans.length === 0;
  fill($('bans-list'), bans.map((ban) => ({ key: ban.user.id, look: JSON.stringify(ban), build: () => banRow(ban, path) })));
  if (document.activeElement === document.body) {
    $('members-close').focus();
  }
}

function memberRow(member, path) {
  const { user } = member;
  const other = user.id !== state.session.user.id;
  const owner = channel().role === 'owner';
  const bans = other && moderates() && (owner || member.role === 'member');
  return el(
    'li',
    {},
    avatar(user),
    el('span', { className: 'member-name', textContent: user.name }),
    owner ? roles(member, path) : el('span', { className: 'muted', textContent: member.role }),
    owner && other
      ? button('Remove', user, `Remove ${user.name}?`, 'They can join again, unless the channel is private.', () => request('DELETE', `${path}/members/${user.id}`))
      : null,
    bans
      ? button('Ban', user, `Ban ${user.name}?`, 'They leave at once, and cannot come back until the ban is lifted.', () => request('PUT', `${path}/bans/${user.id}`))
      : null,
  );
}

function banRow({ user, bannedAt }, path) {
  return el(
    'li',
    {},
    avatar(user),
    el('span', { className: 'member-name', textContent: user.name }),
    el('time', { className: 'muted', dateTime: bannedAt, textContent: new Date(bannedAt).toLocaleDateString() }),
    button('Lift', user, null, null, () => request('DELETE', `${path}/bans/${user.id}`)),
  );
}

/** A button for a change of one user; with a question it asks before. */
function button(label, user, question, explanation, work) {
  const element = el('button', {
    type: 'button', className: 'quiet', textContent: label, ariaLabel: label === 'Lift' ? `Lift the ban of ${user.name}` : `${label} ${user.name}`, data: { control: `${label}:${user.id}` },
  });
  element.addEventListener('click', async () => {
    if (question === null || await ask(question, explanation, label)) {
      await change(work);
    }
  });
  return element;
}

function roles(member, path) {
  const choice = el(
    'select',
    { ariaLabel: `Role of ${member.user.name}`, data: { control: `role:${member.user.id}` } },
    ...ROLES.map((role) => el('option', { value: role, textContent: role })),
  );
  choice.value = member.role;
  choice.addEventListener('change', () => change(async () => {
    try {
      await request('PUT', `${path}/roles/${member.user.id}`, { role: choice.value });
    } catch (error) {
      choice.value = member.role;
      throw error;
    }
  }));
  return choice;
}

/** Changes, and shows what is so afterwards, also when it was refused. */
async function change(work) {
  await attempt(async () => {
    try {
      await work();
    } finally {
      await render();
    }
  });
}

async function add(event) {
  event.preventDefault();
  await attempt(async () => {
    const name = $('members-name').value;
    const found = await request('GET', `/api/users?name=${encodeURIComponent(name)}`);
    if (found.items.length === 0) {
      throw new Error(`There is nobody with the name ${name}.`);
    }

    await request('POST', `/api/channels/${shownId}/members`, { userId: found.items[0].id });
    $('members-name').value = '';
    await render();
  });
}

async function attempt(work) {
  $('members-error').textContent = '';
  working += 1;
  $('members-dialog').ariaBusy = 'true';
  try {
    await work();
  } catch (error) {
    $('members-error').textContent = error.message;
  } finally {
    working -= 1;
    $('members-dialog').ariaBusy = working > 0 ? 'true' : null;
  }
}
