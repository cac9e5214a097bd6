// Registration, sign-in and sign-out.

import { request } from './core/api.js';
import { emit, on } from './core/bus.js';
import { $, notify, paintAvatar } from './core/dom.js';
import { state } from './core/state.js';

const MODES = {
  signIn: { title: 'Sign in', hint: 'Welcome back.', other: 'New here? Create an account', autocomplete: 'current-password' },
  register: {
    title: 'Create an account',
    hint: 'A name, and a password of at least 8 characters.',
    other: 'Have an account? Sign in',
    autocomplete: 'new-password',
  },
};

/** Why the server ended a session: the stream says it by a code; where a refusal comes first, the clock tells. */
export const ENDED = { TOKEN_EXPIRED: 'Your session has ended. Sign in again.', TOKEN_REVOKED: 'You were signed out.' };

let mode = 'signIn';

export async function startAccounts() {
  $('account-form').addEventListener('submit', submit);
  $('account-switch').addEventListener('click', () => show(mode === 'signIn' ? 'register' : 'signIn'));
  $('sign-out').addEventListener('click', () => signOut());
  on('session', render);
  on('unauthorized', () => (state.session === null ? undefined : signOut(Date.now() < Date.parse(state.session.expiresAt) ? ENDED.TOKEN_REVOKED : ENDED.TOKEN_EXPIRED)));
  show('signIn');
  await restore();
}

/** Ends the session here; `reason` is told to a user whom the server signed out. */
export async function signOut(reason = null) {
  if (reason === null) {
    await request('DELETE', '/api/session').catch(() => null);
  }

  state.session = null;
  emit('session', null);
  $('account-error').textContent = reason ?? '';
}

async function restore() {
  try {
    state.session = await request('GET', '/api/session');
  } catch (error) {
    $('account-error').textContent = error.message;
  }

  emit('session', state.session);
}

async function submit(event) {
  event.preventDefault();
  const credentials = { name: $('account-name').value, password: $('account-password').value };
  $('account-error').textContent = '';
  $('account-submit').disabled = true;
  try {
    if (mode === 'register') {
      await request('POST', '/api/users', credentials);
    }

    await request('POST', '/api/session', credentials);
    $('account-password').value = '';
    await restore();
  } catch (error) {
    $('account-error').textContent = error.message;
    $('account-password').focus();
  } finally {
    $('account-submit').disabled = false;
  }
}

function show(next) {
  mode = next;
  const text = MODES[mode];
  $('account-title').textContent = text.title;
  $('account-hint').textContent = text.hint;
  $('account-submit').textContent = text.title;
  $('account-switch').textContent = text.other;
  $('account-password').autocomplete = text.autocomplete;
  $('account-error').textContent = '';
  $('account-name').focus();
}

function render(session) {
  $('welcome').hidden = session !== null;
  $('workspace').hidden = session === null;
  if (session === null) {
    show('signIn');
    return;
  }

  paintAvatar($('me-avatar'), session.user);
  $('me-name').textContent = session.user.name;
  notifyExpiry(session);
}

function notifyExpiry(session) {
  const hours = (Date.parse(session.expiresAt) - Date.now()) / 3_600_000;
  if (hours < 1) {
    notify('Your session ends in less than an hour. Sign in again to go on without a break.');
  }
}
