/**
 * What went wrong on the way, by the codes of Node and undici, never by their messages. Their errors stay here: some carry
 * a part of the body with them (I11).
 */
import { FetchError } from '../../errors/index.ts';

/** How far the exchange had come. */
export type Stage = 'asked' | 'answered';

/** @returns a FetchError, or `error` itself where it is none of the network's */
export function networkFault(error: unknown, url: URL, stage: Stage): unknown {
  if (error instanceof FetchError) return error;
  const code = codeOf(error);
  if (code === null) return error;
  if (isTls(code)) return new FetchError('TLS', url, `has no TLS that is accepted (${code}).`);
  if (DNS.test(code)) return new FetchError('DNS', url, `has a host that is not found (${code}).`);
  if (DECODING.test(code))
    return new FetchError('ENCODING', url, `is not compressed as it says (${code}).`);
  if (PROTOCOL.test(code) || (stage === 'asked' && code === WRONG_LENGTH))
    return new FetchError('PROTOCOL', url, `is answered with what is not HTTP (${code}).`);
  if (stage === 'answered')
    return new FetchError('CUT', url, `breaks off before its end (${code}).`);
  return new FetchError('CONNECTION', url, `cannot be reached (${code}).`);
}

const DNS = /^(ENOTFOUND|ENODATA|EAI_\w+|ESERVFAIL|EREFUSED|ETIMEOUT|EBADNAME)$/;
const DECODING = /^(Z_|ERR__ERROR|ERR_BROTLI|ERR_ZSTD)/;
const PROTOCOL = /^(HPE_|UND_ERR_HEADERS_OVERFLOW$|UND_ERR_NOT_SUPPORTED$)/;
const WRONG_LENGTH = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';

/** Node's own, and the names of OpenSSL's verdicts on certificates, which have no prefix. */
function isTls(code: string): boolean {
  return (
    /^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code) ||
    /^(HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|EE_KEY_TOO_SMALL)$/.test(code) ||
    /^(CA_(KEY|MD)_TOO_\w+|ERROR_IN_\w+)$/.test(code)
  );
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error.name === 'HTTPParserError' ? parserCode(error) : null;
}

/** undici's parser gives no code of its own; where there is nothing it stumbled over, the connection has just ended. */
function parserCode(error: Error): string {
  return 'data' in error && error.data !== '' ? 'HPE_INVALID' : 'closed';
}
