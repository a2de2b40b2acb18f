import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('tenants', {
  low_contrast: { status: 400, title: 'Text in that colour could not be read on the other.' },
  logo_not_a_picture: {
    status: 400,
    title: 'The logo is not a picture that browsers show.',
    fix: 'Upload a PNG, JPEG, WebP or AVIF.',
  },
  own_switch: { status: 409, title: 'A site cannot do without this plugin.' },
  plugin_gone: { status: 404, title: 'The plugin is no longer installed.' },
  own_address: {
    status: 409,
    title: 'The site’s own sub-domain stays.',
    fix: 'Remove only addresses that were added.',
  },
});
