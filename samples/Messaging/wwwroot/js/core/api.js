// The way to the server: JSON in, JSON out, every refusal as an ApiError that can be shown to a person.

import { emit } from './bus.js';

const RETRYABLE = new Set([0, 408, 429]);

export class ApiError extends Error {
  constructor(status, message, retryAfterSeconds = 0) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether the same request may succeed later: no network, too busy, or a fault of the server. */
  get retryable() {
    return RETRYABLE.has(this.status) || this.status >= 500;
  }
}

/** Sends a request; answers the body, or null where there is none. */
export async function request(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, 'The server cannot be reached.');
  }

  return read(response);
}

/** Reads every page of a list. */
export async function requestAll(path) {
  const items = [];
  let after = '0';
  while (after !== null) {
    const page = await request('GET', `${path}?after=${after}&limit=200`);
    items.push(...page.items);
    after = page.next;
  }

  return items;
}

async function read(response) {
  const isJson = (response.headers.get('Content-Type') ?? '').includes('json');
  const body = isJson ? await response.json().catch(() => null) : null;
  if (response.ok) {
    return body;
  }

  if (response.status === 401) {
    emit('unauthorized');
  }

  throw new ApiError(response.status, describe(response.status, body), Number(response.headers.get('Retry-After')) || 0);
}

function describe(status, problem) {
  const fields = Object.entries(problem?.errors ?? {});
  if (fields.length > 0) {
    return fields.map(([field, messages]) => `${capital(field)} ${messages.join(' ')}`).join(' ');
  }

  return problem?.detail ?? problem?.title ?? `The server answered ${status}.`;
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
