// Comes before Skia, which reads these when it is loaded.

// It would look for the machine's fonts, in a home that is not there.
process.env.DISABLE_SYSTEM_FONTS_LOAD = '1';
// Each frame's pixels come as a copy of some megabytes: giving that memory back to the system and taking it again for the
// next frame takes longer than drawing it.
process.env.MIMALLOC_PURGE_DELAY = '-1';
