import { createTransport } from 'nodemailer';

/** Where mail goes: to a server, or nowhere, when it stays in the table to be read in the development mailbox. */
export type MailTransport = { readonly kind: 'smtp'; readonly url: string } | { readonly kind: 'mailbox' };

export interface Envelope {
  readonly messageId: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly replyTo: string | undefined;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Where one click unsubscribes (RFC 8058). */
  readonly unsubscribe: string | undefined;
  readonly language: string;
}

export interface Carrier {
  deliver(envelope: Envelope): Promise<'sent' | 'kept'>;
  close(): void;
}

export function createCarrier(transport: MailTransport): Carrier {
  if (transport.kind === 'mailbox') return { deliver: async () => 'kept', close: () => {} };
  const smtp = createTransport({
    url: transport.url,
    pool: true,
    // Its own repeats would be at once and unrecorded: ours wait longer each time and survive a restart.
    maxRequeues: 0,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    // Nothing in a message may name a file or an address to be read into it.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async deliver({ messageId, from, to, replyTo, subject, text, html, unsubscribe, language }) {
      await smtp.sendMail({
        messageId,
        from,
        // Given as parts: no character of an address can add a second one.
        to: { name: '', address: to },
        envelope: { from: from.address, to: [to] },
        subject,
        text,
        html,
        ...(replyTo === undefined ? {} : { replyTo }),
        headers: {
          'Auto-Submitted': 'auto-generated',
          'Content-Language': language,
          ...(unsubscribe === undefined
            ? {}
            : { 'List-Unsubscribe': `<${unsubscribe}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
        },
      });
      return 'sent';
    },
    close: () => smtp.close(),
  };
}

/** What a failed delivery means: try later, never, or never again to this address. */
export function verdict(error: unknown): 'later' | 'refused' | 'bounced' {
  const {
    responseCode = 0,
    response = '',
    command,
  } = error as { responseCode?: number; response?: string; command?: string };
  // A 5xx to our password or our sender's address is our mistake, and somebody will mend it.
  if (responseCode < 500 || (command !== 'RCPT TO' && command !== 'DATA')) return 'later';
  // Many servers answer 550 to a sender they do not like: only "no such mailbox" says something about the address.
  return command === 'RCPT TO' && /\b5\.1\.(1|2|3|6|10)\b/.test(response) ? 'bounced' : 'refused';
}
