import { defineConfig } from 'vitest/config';

// Two tiers: the default one runs on every change, the long one (crash, soak) before a release and in CI.
const long = process.env.TEST_TIER === 'long';

export default defineConfig({
  test: {
    include: long ? ['**/{test,e2e}/**/*.long.ts'] : ['**/{test,e2e}/**/*.{test,journey}.ts'],
    exclude: ['**/node_modules/**', '**/.plinth/**'],
    globalSetup: 'core/testing/global-setup.ts',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: long ? 300_000 : 20_000,
    hookTimeout: long ? 300_000 : 60_000,
    restoreMocks: true,
  },
});
