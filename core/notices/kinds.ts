import type { SlotEntry } from '@plinth/sdk';
import type { NoticeChannel, NoticeKind } from '@plinth/sdk/services/notices.ts';
import { fillWords, type MailData } from '../mail/letter.ts';

/** A kind of notice, and the plugin that sends it. */
export type Kind = SlotEntry<typeof NoticeKind>;

export const kindId = ({ plugin, id }: Kind): string => `${plugin}.${id}`;

/** Where it goes if the person said nothing. */
export const channelsOf = ({ entry }: Kind): readonly NoticeChannel[] => entry.channels ?? ['page', 'push'];

/** What a notice says, in the reader's language. */
export function said(data: MailData, { entry }: Kind, locale: string): { title: string; text: string } {
  return { title: fillWords(entry.title, data, locale), text: fillWords(entry.text, data, locale) };
}
