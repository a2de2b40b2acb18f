import { defineErrors } from '@plinth/sdk/problem.ts';

/** Why a clip could not be read or rendered, each with what to do about it. */
export const renderErrors = defineErrors('render', {
  no_ffmpeg: {
    status: 503,
    title: 'FFmpeg is not there.',
    fix: 'Install it ("apt-get install ffmpeg"), or set FFMPEG_PATH to its program or directory.',
  },
  weak_ffmpeg: {
    status: 503,
    title: 'This FFmpeg lacks what is needed.',
    fix: 'Install version 4.4 or newer with libx264, or set FFMPEG_PATH to one that has it.',
  },
  missing_file: { status: 404, title: 'There is no such file.', fix: 'Check the path, and that it may be read.' },
  unreadable_file: { status: 403, title: 'That file may not be read.', fix: 'Copy it, or let everybody read it.' },
  not_a_video: { status: 415, title: 'That is not a video.', fix: 'Use an MP4, MOV, WebM, MKV or AVI file.' },
  not_media: {
    status: 415,
    title: 'That is neither a video nor a sound nor a picture.',
    fix: 'Use a file that players open: MP4, MOV, WebM, MP3, WAV, FLAC, JPEG, PNG, WebP …',
  },
  no_sound: { status: 415, title: 'There is no sound in that file.', fix: 'Use a file with a sound track.' },
  no_pictures: { status: 415, title: 'There are no pictures in that file.', fix: 'Use a file with a video track.' },
  damaged: {
    status: 415,
    title: 'The video is damaged, or was cut off.',
    fix: 'Upload or export it again.',
  },
  too_large: { status: 413, title: 'The video is too large.', fix: 'Make it smaller or shorter first.' },
  unsupported: { status: 415, title: 'This kind of video is not supported here.' },
  bad_image: { status: 413, title: 'The pictures are too many or too large.', fix: 'Use fewer or smaller ones.' },
  bad_filter: { status: 422, title: 'The effect asks for a filter that is not offered.' },
  bad_input: { status: 422, title: 'An input of the effect cannot be that.' },
  bad_range: { status: 400, title: 'That part is not in the clip.' },
  long_chain: { status: 400, title: 'So many effects cannot be one chain.', fix: 'Render it in two steps.' },
  bad_size: { status: 400, title: 'A picture cannot have that size.' },
  effect_failed: { status: 422, title: 'The effect failed.' },
  no_c2pa: {
    status: 503,
    title: 'Results are to be signed, and the library that does it is not there.',
    fix: 'Run "npm install --ignore-scripts @contentauth/c2pa-node@0.8.0", or unset PLINTH_C2PA_CERT and PLINTH_C2PA_KEY.',
  },
  bad_signer: {
    status: 503,
    title: 'Results cannot be signed with that key and certificate.',
    fix: 'Look at PLINTH_C2PA_CERT and PLINTH_C2PA_KEY; "plinth c2pa certificates" makes a pair to try with.',
  },
  failed: { status: 500, title: 'The render failed.' },
  too_slow: { status: 504, title: 'The render took too long.' },
  cancelled: { status: 409, title: 'The render was cancelled.' },
});
