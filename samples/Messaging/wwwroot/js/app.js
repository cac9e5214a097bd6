// The page: one module for each feature of the server.

import { startAccounts } from './accounts.js';
import { startChannels } from './channels.js';
import { startMessages } from './messages.js';
import { startRealtime } from './realtime.js';
import { startResend } from './resend.js';

startChannels();
startMessages();
startResend();
startRealtime();
await startAccounts();
