// FFprobe as WebAssembly, where an FFprobe is expected.
import { runAs } from './core.ts';

await runAs('ffprobe');
