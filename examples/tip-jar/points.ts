// Where points lie. The ledger keeps every balance; the tip jar keeps none.

/** The plugin's own currency: it alone may move it. */
export const POINTS = 'tip-jar:points';
export const MINT = 'source:tip-jar';

export const jarAccount = (jarId: string): string => `plugin:tip-jar:${jarId}`;
export const personAccount = (accountId: string): string => `person:${accountId}`;
