import { serveOffline } from 'evervec/client/service-worker';

serveOffline({ version: 'test', files: __FILES__ });
