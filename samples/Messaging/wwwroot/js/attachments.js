// Files of a channel: upload with progress, list, download, delete.

import { request, requestAll } from './core/api.js';
import { on } from './core/bus.js';
import { $, el, fill, notify, once } from './core/dom.js';
import { activeChannel, state } from './core/state.js';
import { addChannelAction } from './channels.js';
import { onEvent } from './realtime.js';

const UNITS = ['B', 'KiB', 'MiB', 'GiB'];

let reading = 0; // the number of the last reading

const picker = el('input', { type: 'file', id: 'file-picker', className: 'visually-hidden', tabIndex: -1, ariaLabel: 'File to attach' });
const list = el('ul', { id: 'files-list', className: 'files' });
const close = el('button', { type: 'button', className: 'quiet', textContent: 'Close' });
const dialog = el(
  'dialog',
  { id: 'files-dialog', className: 'dialog', aria: { labelledby: 'files-title' } },
  el('h2', { id: 'files-title', textContent: 'Files' }),
  list,
  el('div', { className: 'dialog-buttons' }, close),
);

export function startAttachments() {
  const attach = el('button', { type: 'button', id: 'file-attach', className: 'icon', ariaLabel: 'Attach a file', title: 'Attach a file', textContent: '+' });
  attach.addEventListener('click', () => picker.click());
  picker.addEventListener('change', pick);
  close.addEventListener('click', () => dialog.close());
  $('composer-tools').append(attach, picker);
  document.body.append(dialog);
  addChannelAction({ label: 'Files', when: (channel) => channel.joined, run: show });
  on('channel', () => dialog.close());
  onEvent('attachment.added', ({ channelId, name, uploadedBy }) => {
    if (channelId === state.activeId && uploadedBy.id !== state.session?.user.id) {
      notify(`${uploadedBy.name} attached ${name}.`);
    }

    refresh(channelId);
  });
  onEvent('attachment.deleted', ({ channelId }) => refresh(channelId));
}

function pick() {
  const channel = activeChannel();
  const [file] = picker.files;
  picker.value = '';
  if (channel && file) {
    upload(channel, file);
  }
}

/** The only request that needs progress: fetch tells nothing of what has been sent. */
function upload(channel, file) {
  const bar = el('progress', { max: 1, value: 0, ariaLabel: `Uploading ${file.name}` });
  const cancel = el('button', { type: 'button', className: 'icon', ariaLabel: 'Cancel the upload', textContent: '×' });
  const progress = el('div', { className: 'upload' }, el('span', { textContent: file.name }), bar, cancel);
  $('composer-extras').append(progress);
  const body = new FormData();
  body.append('file', file);
  const sending = new XMLHttpRequest();
  sending.open('POST', `/api/channels/${channel.id}/attachments`);
  sending.responseType = 'json';
  sending.upload.addEventListener('progress', (event) => {
    bar.value = event.lengthComputable ? event.loaded / event.total : 0;
  });
  sending.addEventListener('loadend', () => progress.remove());
  sending.addEventListener('error', () => notify(`${file.name} could not be sent: the server cannot be reached.`, { failure: true }));
  sending.addEventListener('load', () => {
    if (sending.status === 201) {
      notify(`${file.name} is attached.`);
    } else {
      notify(`${file.name} was refused: ${sending.response?.detail ?? sending.status}`, { failure: true });
    }
  });
  cancel.addEventListener('click', () => sending.abort());
  sending.send(body);
}

async function show(channel) {
  fill(list, [line('muted', 'Reading…')]);
  dialog.showModal();
  await refresh(channel.id);
}

async function refresh(channelId) {
  if (!dialog.open || channelId !== state.activeId) {
    return;
  }

  reading += 1;
  const turn = reading;
  const lines = await requestAll(`/api/channels/${channelId}/attachments`)
    .then((files) => (files.length === 0 ? [line('muted', 'No files yet.')] : files.map(item)), (error) => [line('error', error.message)]);
  if (turn === reading && channelId === state.activeId) {
    fill(list, lines, () => close); // no newer answer is on its way, and no other channel is shown
  }
}

const line = (className, text) => ({ key: className, look: text, build: () => el('li', { className, textContent: text }) });

function item(file) {
  const mayDelete = file.uploadedBy.id === state.session?.user.id || activeChannel()?.role === 'owner';
  return { key: file.id, look: JSON.stringify([file, mayDelete]), build: () => row(file, mayDelete) };
}

function row(file, mayDelete) {
  const remove = el('button', { type: 'button', className: 'quiet', textContent: 'Delete', disabled: file.state === 'deleting', ariaLabel: `Delete ${file.name}`, data: { control: 'delete' } });
  remove.addEventListener('click', () => once(remove, () => destroy(file)));
  const note = file.state === 'ready' ? '' : file.state === 'deleting' ? ' · being deleted' : ' · could not be deleted';
  return el(
    'li',
    { data: { state: file.state } },
    file.state === 'deleting' ? el('span', { textContent: file.name }) : el('a', { href: `/api/attachments/${file.id}`, textContent: file.name, download: file.name }),
    el('span', { className: 'muted', textContent: `${size(file.size)} · ${file.uploadedBy.name}${note}` }),
    mayDelete ? remove : null,
  );
}

async function destroy(file) {
  try {
    await request('DELETE', `/api/attachments/${file.id}`);
  } catch (error) {
    notify(`${file.name}: ${error.message}`, { failure: true });
  }

  await refresh(file.channelId);
}

function size(bytes) {
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${UNITS[unit]}`;
}
