// What the modules share. Only the module that is named changes a field.

export const state = {
  session: null, // accounts.js
  channels: new Map(), // channels.js, by id
  activeId: null, // channels.js
};

export const activeChannel = () => state.channels.get(state.activeId) ?? null;
