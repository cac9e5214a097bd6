// How the modules of the page tell each other what happened, without knowing each other.
//
//   session         {user, operator} | null      someone signed in or out
//   channels        -                            the list changed
//   channel         channel | null               another channel is shown
//   unauthorized    -                            the server does not know the session any more
//   send            {channelId, text}            a message was written
//   composer        handler | null               who takes what is written next; null: it is sent
//   stream          'connecting' | 'live' | 'waiting' | 'offline'
//   stream.fresh    -                            events may have been missed: read again what is shown
//   stream.refused  -                            the server refused the stream, perhaps because of an event that was missed

const handlers = new Map();

export function on(name, handler) {
  handlers.set(name, [...(handlers.get(name) ?? []), handler]);
}

export function emit(name, detail) {
  for (const handler of handlers.get(name) ?? []) {
    handler(detail);
  }
}
