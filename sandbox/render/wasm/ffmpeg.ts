// FFmpeg as WebAssembly, where an FFmpeg is expected.
import { runAs } from './core.ts';

await runAs('ffmpeg');
