/** What the queue calls the work of this room. */
export const TRANSCODE = 'media.transcode';
export const ANALYSE = 'media.analyse';

/** What plugins call it. */
export const whatOf = (kind: string): 'transcode' | 'analyse' => (kind === ANALYSE ? 'analyse' : 'transcode');
