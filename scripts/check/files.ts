// The files our rules are about, as paths from the project root.
import { globSync } from 'node:fs';

const SOURCES = '{sdk,sandbox,core,plugins,examples,studio}/**/*.{ts,tsx,mjs,sql}';
const NOT_OURS = /(^|\/)(node_modules|dist|\.plinth)\//;
const TEST = /(^|\/)test\//;

const all = globSync(SOURCES).filter((file) => !NOT_OURS.test(file));

export const shippedFiles = () => all.filter((file) => !TEST.test(file));
export const testFiles = () => all.filter((file) => TEST.test(file) && /\.tsx?$/.test(file));
