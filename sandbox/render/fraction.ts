/** A frame rate as FFmpeg writes it: 30000/1001 is no number of decimals. */
export interface Fraction {
  readonly num: number;
  readonly den: number;
}

export const rateOf = ({ num, den }: Fraction): number => num / den;
export const rateText = ({ num, den }: Fraction): string => `${num}/${den}`;

/** @example fractionOf('30000/1001') // { num: 30000, den: 1001 } */
export function fractionOf(text: string | undefined): Fraction | undefined {
  const [, num, den] = /^(\d{1,9})[/:](\d{1,9})$/.exec(text ?? '') ?? [];
  return Number(num) > 0 && Number(den) > 0 ? { num: Number(num), den: Number(den) } : undefined;
}
