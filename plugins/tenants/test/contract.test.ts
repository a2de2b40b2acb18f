import { contractSuite } from '@plinth/core/testing/contract-suite.ts';
import tenants from '../plugin.ts';

contractSuite(tenants, { manifest: new URL('../manifest.json', import.meta.url) });
