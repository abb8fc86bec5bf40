/** Keeps the app's own files, so that it opens without a network. Releases are kept by the client. */
import { serveOffline } from 'evervec/client/service-worker';

serveOffline({ version: VERSION, files: FILES });
