/** From one time of day to another, in somebody's zone: `22:00` to `07:00` goes over midnight. */
export interface QuietHours {
  readonly starts: string;
  readonly ends: string;
  readonly zone: string;
}

const MINUTE = 60_000;
const DAY = 24 * 60;

/** When the quiet that reigns now ends; nothing if none does. */
export function quietUntil(now: Date, { starts, ends, zone }: QuietHours): Date | undefined {
  const [from, to, at] = [minutes(starts), minutes(ends), minuteOfDay(now, zone)];
  const quiet = from <= to ? at >= from && at < to : at >= from || at < to;
  if (!quiet) return undefined;
  const whole = Math.floor(now.getTime() / MINUTE) * MINUTE;
  const end = new Date(whole + around(to - at) * MINUTE);
  // Clocks may be put forward or back in between: then the end is off by that, and is moved once.
  const off = minuteOfDay(end, zone) - to;
  return new Date(end.getTime() - (off > DAY / 2 ? off - DAY : off < -DAY / 2 ? off + DAY : off) * MINUTE);
}

const around = (difference: number) => (difference + DAY) % DAY || DAY;

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour * 60 + minute;
}

function minuteOfDay(instant: Date, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return minutes(format.format(instant));
}
