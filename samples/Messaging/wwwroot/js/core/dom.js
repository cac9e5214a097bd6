// Elements are built, never parsed from text: nothing that a user wrote can become markup.

export const $ = (id) => document.getElementById(id);

/** Builds an element; properties are set as they are, `data` and `aria` go to attributes. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'data') {
      Object.assign(element.dataset, value);
    } else if (name === 'aria') {
      Object.entries(value).forEach(([key, text]) => element.setAttribute(`aria-${key}`, text));
    } else {
      element[name] = value;
    }
  }

  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const filled = new WeakMap(); // element -> {key, look}: what a list made it from

/**
 * Makes the children of `list` those of `items`, each `{key, look, build()}`: the element of a key is built again only when its look, a text, is another.
 * With `update(element)` it is never built again, but changed.
 * What stays keeps its focus, and a press of the mouse that has begun on it; what is built again hands the focus on to its control of the same `data-control`.
 * When the element with the focus is gone, `instead()` gets it.
 */
export function fill(list, items, instead = () => null) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const before = new Map([...list.children].filter((child) => filled.has(child)).map((child) => [filled.get(child).key, child]));
  const children = items.map(({ key, look, build, update }) => {
    const known = before.get(key);
    if (known && filled.get(known).look === look) {
      return known;
    }

    if (known && update) {
      update(known);
      filled.set(known, { key, look });
      return known;
    }

    const child = build();
    filled.set(child, { key, look });
    return child;
  });
  const owner = [...list.children].find((child) => child.contains(focused));
  const heir = focused === null || children.includes(owner) ? focused : control(children[items.findIndex(({ key }) => key === filled.get(owner)?.key)], focused.dataset.control);
  place(list, children);
  if (focused !== null && document.activeElement !== heir) {
    heir?.focus();
  }

  if (focused !== null && !list.contains(document.activeElement)) {
    instead()?.focus();
  }
}

/** Puts the children in order without touching one that is where it belongs. */
function place(list, children) {
  const staying = new Set(children);
  [...list.children].filter((child) => !staying.has(child)).forEach((child) => child.remove());
  children.forEach((child, i) => {
    if (list.children[i] !== child) {
      list.insertBefore(child, list.children[i] ?? null);
    }
  });
}

function control(element, name) {
  const controls = [...(element?.querySelectorAll('button, a, select, input') ?? [])];
  return controls.find((candidate) => candidate.dataset.control === name) ?? controls[0] ?? null;
}

/** Does what a button is for, and does not begin again before that is over. The button keeps its focus meanwhile, which a disabled one would lose. */
export async function once(button, work) {
  if (button.ariaDisabled === 'true') {
    return;
  }

  button.ariaDisabled = 'true';
  try {
    await work();
  } finally {
    button.ariaDisabled = null;
  }
}

/** A round badge with initials, in a colour of its own for each user. */
export function paintAvatar(element, user) {
  const initials = user.name.split(/\s+/u).filter(Boolean).slice(0, 2).map((part) => [...part][0].toUpperCase());
  element.textContent = initials.join('');
  element.style.setProperty('--hue', String((Number(user.id) * 137) % 360));
  return element;
}

export const avatar = (user) => paintAvatar(el('span', { className: 'avatar', ariaHidden: 'true' }), user);

/** Asks before something that cannot be undone; answers whether the user agreed. */
export function ask(question, explanation, agree) {
  const dialog = $('ask-dialog');
  $('ask-title').textContent = question;
  $('ask-text').textContent = explanation;
  $('ask-agree').textContent = agree;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'agree'), { once: true });
  });
}

const NOTICE_MS = 8000;

/** Says something in passing; a failure stays until it is dismissed. */
export function notify(text, { failure = false } = {}) {
  const close = el('button', { type: 'button', className: 'icon', ariaLabel: 'Dismiss', textContent: '×' });
  const notice = el('div', { className: failure ? 'notice failure' : 'notice' }, el('span', { textContent: text }), close);
  close.addEventListener('click', () => notice.remove());
  $('notices').append(notice);
  if (!failure) {
    setTimeout(() => notice.remove(), NOTICE_MS);
  }
}

/** An id that nobody else makes: for messages that may be sent twice. */
export function newId() {
  // randomUUID is there on secure origins only; a page served over plain HTTP in a local network is none.
  return crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The beginning of a text, to name it by. */
export function shorten(text) {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
