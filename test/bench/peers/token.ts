/** The login token at the peers: as long as the hash of a token that inv keeps. */
export const TOKEN = 'benchmark-login-token-of-the-usual-length-43';
