import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('kernel', {
  socket_message: { status: 400, title: 'That message is not part of the protocol.' },
  not_joined: { status: 409, title: 'That channel was not joined.', fix: 'Send "join" and wait for "joined".' },
  channel_silent: { status: 405, title: 'Nothing can be sent on that channel.' },
  channel_closed: { status: 410, title: 'The channel was closed.' },
  socket_flood: { status: 429, title: 'Too many messages on this socket.', fix: 'Wait as long as "retryAfter" says.' },
  too_many_channels: { status: 429, title: 'Too many channels on one socket.', fix: 'Leave one first.' },
});
