// The page: one module for each feature of the server.

import { startAccounts } from './accounts.js';
import { startAttachments } from './attachments.js';
import { startChannels } from './channels.js';
import { startMessageChanges } from './messagechanges.js';
import { startMessages } from './messages.js';
import { startPresence } from './presence.js';
import { startRealtime } from './realtime.js';
import { startResend } from './resend.js';
import { startScheduling } from './scheduling.js';
import { startTyping } from './typing.js';

startChannels();
startMessages();
startAttachments();
startMessageChanges();
startScheduling();
startResend();
startTyping();
startPresence();
startRealtime();
await startAccounts();
