import { defineErrors } from '@plinth/sdk';

export const errors = defineErrors('kernel', {
  slug_taken: { status: 409, title: 'That name is taken.', fix: 'Choose another slug.' },
  bad_slug: {
    status: 400,
    title: 'That is no name for a site.',
    fix: 'Take 3 to 40 small letters, digits and dashes, a letter first.',
  },
  host_taken: { status: 409, title: 'That address already leads to a site.', fix: 'Remove it there first.' },
  host_unclaimed: { status: 404, title: 'That address was not added here.', fix: 'Add it first.' },
  host_unproven: {
    status: 409,
    title: 'DNS does not show that the address is yours.',
    fix: 'Set the record in "record" at your DNS provider, wait until it can be seen, and try again.',
  },
  dns_silent: {
    status: 502,
    title: 'DNS did not answer.',
    fix: 'Check the name servers of the domain, and try again.',
  },
  bad_host: { status: 400, title: 'That is no host name.', fix: 'Write it like "videos.example.org".' },
  platform_host: {
    status: 409,
    title: 'That address belongs to the platform.',
    fix: 'Add a host name under a domain of your own.',
  },
  plugin_missing: { status: 404, title: 'There is no such plugin here.', fix: 'Install it first, or check its id.' },
  plugin_refused: { status: 409, title: 'The plugins stay as they are.', fix: 'Mend what is said, and try again.' },
  needs_plugins: { status: 409, title: 'The plugin needs others that are off here.', fix: 'Switch those on first.' },
  needed_by_plugins: { status: 409, title: 'Other plugins need this one here.', fix: 'Switch those off first.' },
  consent_missing: {
    status: 409,
    title: 'The plugin wants more than was consented to.',
    fix: 'Consent to every capability in "wanted".',
  },
  plugin_on: { status: 409, title: 'The plugin is switched on here.', fix: 'Switch it off first.' },
  nothing_kept: { status: 404, title: 'That plugin keeps nothing here.' },
  bad_settings: {
    status: 400,
    title: 'Those settings do not fit the plugin.',
    fix: 'Mend the fields listed in "errors".',
  },
  bad_locale: { status: 400, title: 'That is no language.', fix: 'Use a tag like "en" or "pt-BR".' },
  bad_zone: { status: 400, title: 'That is no time zone.', fix: 'Use an IANA name like "Europe/Lisbon".' },
});
