/** What went wrong on the way, by the codes of Node and undici, never by their messages. */
import { FetchError } from '../../errors/index.ts';

/** How far the exchange had come. */
export type Stage = 'asked' | 'answered';

export function asFetchError(error: unknown, url: URL, stage: Stage): FetchError {
  if (error instanceof FetchError) return error;
  const code = codeOf(error);
  if (isTls(code)) return new FetchError('TLS', url, `has no TLS that is accepted (${code}).`);
  if (DNS.test(code)) return new FetchError('DNS', url, `has a host that is not found (${code}).`);
  if (DECODING.test(code))
    return new FetchError('ENCODING', url, `is not compressed as it says (${code}).`);
  if (PROTOCOL.test(code))
    return new FetchError('PROTOCOL', url, `is answered with what is not HTTP (${code}).`);
  if (stage === 'answered')
    return new FetchError('CUT', url, `breaks off before its end (${code || 'closed'}).`);
  return new FetchError('CONNECTION', url, `cannot be reached (${code || 'closed'}).`, {
    // A fault of our own is to be found, so it goes along; those above carry nothing more than their code.
    ...(code === '' && { cause: error }),
  });
}

const DNS = /^(ENOTFOUND|ENODATA|EAI_\w+|ESERVFAIL|EREFUSED|ETIMEOUT|EBADNAME)$/;
const DECODING = /^(Z_|ERR__ERROR|ERR_BROTLI|ERR_ZSTD)/;
/** A chunked body that just ends is a cut one. */
const PROTOCOL = /^(HPE_(?!INVALID_EOF_STATE)|UND_ERR_HEADERS_OVERFLOW|UND_ERR_NOT_SUPPORTED)/;

/** Node's own, and the names of OpenSSL's verdicts on certificates, which have no prefix. */
function isTls(code: string): boolean {
  return (
    /^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code) ||
    /^(HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|EE_KEY_TOO_SMALL)$/.test(code) ||
    /^(CA_(KEY|MD)_TOO_\w+|ERROR_IN_\w+)$/.test(code)
  );
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return '';
}
