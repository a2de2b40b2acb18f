// Comes before Skia: it would look for the machine's fonts, in a home that is not there.
process.env.DISABLE_SYSTEM_FONTS_LOAD = '1';
